import ArgumentParser
import ForgeInventory
import ForgeService

struct LogsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "logs",
        abstract: "Show what the service's pods print: those that answer, batch runs, or trainings.",
        discussion: """
            With --follow lines come as they are printed, until Ctrl-C (exit code 0) or until all pods have ended. \
            Pods that begin later are not followed: type it again.
            """)

    @Argument(help: ArgumentHelp("Whose lines: \(PodKind.names). Without it: online.", valueName: "kind"))
    var kind: String?

    @Argument(help: inventoryHelp)
    var inventory: String?

    @Flag(name: .shortAndLong, help: "Follow the logs.")
    var follow = false

    @Option(help: ArgumentHelp("Begin with this many last lines of each pod.", valueName: "n"))
    var tail = 20

    @OptionGroup var options: SharedOptions

    /// The kind may be left out before an inventory: what is no kind, and looks like a path, is one.
    private var choice: (kind: PodKind, inventory: String?)? {
        guard let kind else { return (.online, inventory) }
        if let named = PodKind(rawValue: kind) { return (named, inventory) }
        let isPath = kind.contains("/") || kind.hasSuffix(".yaml") || kind.hasSuffix(".yml")
        return isPath && inventory == nil ? (.online, kind) : nil
    }

    func validate() throws {
        if choice == nil { throw ValidationError("\(kind ?? "") logs: known are \(PodKind.names)") }
        if !(0...1_000_000).contains(tail) { throw ValidationError("--tail \(tail): from 0 to 1000000") }
    }

    func run() async throws {
        guard let choice else { return }
        let (tail, follow) = (tail, follow)
        let action = Action.logs(isFollowed: follow) {
            ServiceLogs($0.service, of: choice.kind, tail: tail, isFollowed: follow)
        }
        try await Assembly().run(action, inventory: choice.inventory, options)
    }
}

extension PodKind {
    fileprivate static var names: String { "online, batch or train" }
}
