import ArgumentParser

/// What every command that meets machines is told.
struct SharedOptions: ParsableArguments {
    @OptionGroup var display: DisplayOptions

    @OptionGroup var templates: TemplatesOption

    @Flag(help: "Accept and save host keys that are not in known_hosts yet.")
    var acceptNewHostKeys = false

    @Option(help: ArgumentHelp("Work on this many hosts at once.", valueName: "n"))
    var parallel = 32

    func validate() throws {
        if parallel < 1 { throw ValidationError("--parallel \(parallel): at least one host at a time") }
    }

    var run: RunOptions {
        var options = display.run
        options.templates = templates.directory
        options.acceptsNewHostKeys = acceptNewHostKeys
        options.width = parallel
        return options
    }
}

/// What is shown of a run, and how.
struct DisplayOptions: ParsableArguments {
    @Option(help: ArgumentHelp("text for people, json for programs: one object per line.", valueName: "format"))
    var output = Format.text

    @Flag(name: .shortAndLong, help: "Show every step, every line that commands print, and each command as it ends.")
    var verbose = false

    @Flag(name: .shortAndLong, help: "Show failures, results and the end only.")
    var quiet = false

    @Flag(help: "Disable colored output (same as NO_COLOR).")
    var noColor = false

    enum Format: String, ExpressibleByArgument, CaseIterable {
        case text, json
    }

    func validate() throws {
        if verbose && quiet { throw ValidationError("--verbose and --quiet: choose one") }
    }

    var run: RunOptions {
        var options = RunOptions()
        options.isJSON = output == .json
        options.detail = verbose ? .verbose : quiet ? .quiet : .normal
        options.hasColour = !noColor
        return options
    }
}
