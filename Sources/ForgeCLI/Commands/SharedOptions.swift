import ArgumentParser

/// What all verbs that meet machines are told.
struct SharedOptions: ParsableArguments {
    @Option(help: ArgumentHelp("text for people, json for programs: one object per line.", valueName: "format"))
    var output = Format.text

    @Option(
        help: ArgumentHelp(
            "A folder laid out like templates/, whose files replace the built-in ones.", valueName: "dir"))
    var templates: String?

    @Flag(help: "Accept and save host keys that are not in known_hosts yet.")
    var acceptNewHostKeys = false

    @Option(help: ArgumentHelp("Work on this many hosts at once.", valueName: "n"))
    var parallel = 32

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
        if parallel < 1 { throw ValidationError("--parallel \(parallel): at least one host at a time") }
        if verbose && quiet { throw ValidationError("--verbose and --quiet: choose one") }
    }
}
