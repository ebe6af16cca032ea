import ArgumentParser
import ForgeInventory
import ForgePlan
import ForgeService

struct LogsCommand: ActionCommand {
    static let configuration = CommandConfiguration(
        commandName: "logs",
        abstract: "Show the logs of the service's pods: online, batch runs, or trainings.",
        discussion: """
            With --follow, lines are shown as they are printed, until Ctrl-C (exit code 0) or until all pods have \
            ended. Pods that start later are not followed: run it again.
            """)

    @Argument(help: ArgumentHelp("The pods whose logs to show: \(PodKind.names). Default: online.", valueName: "kind"))
    var kind: String?

    @OptionGroup var inventory: InventoryArgument

    @Flag(name: .shortAndLong, help: "Follow the logs.")
    var follow = false

    @Option(help: ArgumentHelp("Start with this many of the latest lines of each pod.", valueName: "n"))
    var tail = 20

    @OptionGroup var service: ServiceOption

    @OptionGroup var options: SharedOptions

    var services: [String] { service.names }

    func validate() throws {
        if let kind, PodKind(rawValue: kind) == nil {
            throw ValidationError("\(kind) logs: choose \(PodKind.names); name an inventory with --inventory")
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
