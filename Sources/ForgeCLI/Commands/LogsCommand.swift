import ArgumentParser
import ForgeInventory
import ForgePlan
import ForgeService

struct LogsCommand: ActionCommand {
    static let configuration = CommandConfiguration(
        commandName: "logs",
        abstract: "Show what the service's pods print: those that answer, batch runs, or trainings.",
        discussion: """
            With --follow lines come as they are printed, until Ctrl-C (exit code 0) or until all pods have ended. \
            Pods that begin later are not followed: type it again.
            """)

    @Argument(help: ArgumentHelp("Whose lines: \(PodKind.names). Without it: online.", valueName: "kind"))
    var kind: String?

    @OptionGroup var inventory: InventoryArgument

    @Flag(name: .shortAndLong, help: "Follow the logs.")
    var follow = false

    @Option(help: ArgumentHelp("Begin with this many last lines of each pod.", valueName: "n"))
    var tail = 20

    @OptionGroup var service: ServiceOption

    @OptionGroup var options: SharedOptions

    var services: [String] { service.names }

    func validate() throws {
        if let kind, PodKind(rawValue: kind) == nil {
            throw ValidationError("\(kind) logs: known are \(PodKind.names); an inventory is named with --inventory")
        }
        if !(0...1_000_000).contains(tail) { throw ValidationError("--tail \(tail): from 0 to 1000000") }
    }

    func action(_ surroundings: ProcessEnvironment) -> Action {
        let (kind, tail, follow) = (kind.flatMap(PodKind.init) ?? .online, tail, follow)
        var action = Action.query("logs") { context in
            let (host, transport) = try context.firstControlPlane()
            try await ServiceLogs(context.cluster.service, of: kind, tail: tail, isFollowed: follow)
                .run(on: host, over: transport, reporter: context.executor.reporter)
        }
        action.endsWhenInterrupted = follow
        action.takesOneService = follow
        return action
    }
}

extension PodKind {
    fileprivate static var names: String { "online, batch or train" }
}
