import ArgumentParser
import ForgeCore

/// The options of every command that connects to hosts.
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

    @Flag(name: .shortAndLong, help: "Show only failures, results and the summary.")
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

/// How a command gets its inventory.
protocol InventorySource: ParsableArguments {
    /// The inventory's path as it was typed; nil leaves the choice to `InventoryChoice`.
    var path: String? { get }
}

/// The inventory as an argument, or as `--inventory`.
struct InventoryArgument: InventorySource {
    @Argument(
        help: ArgumentHelp(
            """
            The inventory. Default: $KUBEFORGE_INVENTORY, ./inventory.yaml, or the one that provision last succeeded \
            with.
            """,
            valueName: "inventory"),
        completion: .file(extensions: ["yaml", "yml"]))
    var argument: String?

    @OptionGroup var option: InventoryOption

    var path: String? { argument ?? option.path }

    func validate() throws {
        if let argument, let inventory = option.inventory {
            let advice = PlanCommand.misplaced(argument, then: "--inventory \(inventory.shellQuoted)") ?? "name one"
            throw ValidationError("two inventories, \(argument) and \(inventory): \(advice)")
        }
    }

    /// For commands that make an inventory the one that others find by themselves.
    func demand() throws {
        if path == nil { throw ValidationError("Missing expected argument '<inventory>'") }
    }
}

/// The inventory as `--inventory` alone, where arguments are something else.
struct InventoryOption: InventorySource {
    @Option(
        name: .shortAndLong, help: ArgumentHelp("The inventory, as an option.", valueName: "inventory"),
        completion: .file(extensions: ["yaml", "yml"]))
    var inventory: String?

    var path: String? { inventory }
}

/// Which services of the inventory a command is about.
struct ServiceOption: ParsableArguments {
    @Option(
        name: .customLong("service"),
        help: ArgumentHelp(
            "The service, where the inventory has several. Can be repeated. Default: all of them.", valueName: "name"))
    var names: [String] = []
}

/// `--templates`: files that replace those that the program brings.
struct TemplatesOption: ParsableArguments {
    @Option(
        name: .customLong("templates"),
        help: ArgumentHelp(
            "A directory laid out like templates/, whose files replace the built-in ones.", valueName: "dir"),
        completion: .directory)
    var directory: String?
}

/// A length of time as it is typed: a whole number and its unit.
enum DurationArgument {
    private static let units = [("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000)]

    /// For an option that takes such a text between two bounds; `example` says how it is typed.
    static func parser(from least: String, to most: String, example: String) -> @Sendable (String) throws -> Duration {
        { text in
            guard let time = duration(text) else {
                throw ValidationError("needs a whole number with ms, s, m or h, such as \(example)")
            }
            guard (duration(least)!...duration(most)!).contains(time) else {
                throw ValidationError("from \(least) to \(most)")
            }
            return time
        }
    }

    /// For how long pods may take.
    static let rollout = parser(from: "5s", to: "1h", example: "90s or 5m")

    /// nil for any other text, and for longer than anybody waits.
    static func duration(_ text: String) -> Duration? {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        guard let unit = units.first(where: { $0.0 == text.dropFirst(digits.count) }), let number = Int(digits),
            number < 1_000_000_000
        else { return nil }
        return .milliseconds(number * unit.1)
    }
}
