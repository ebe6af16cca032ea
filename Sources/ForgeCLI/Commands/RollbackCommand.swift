import ArgumentParser
import ForgeCore
import ForgeInventory
import ForgeService

struct RollbackCommand: ActionCommand {
    static let configuration = CommandConfiguration(
        commandName: "rollback", abstract: "Roll back to an earlier release.",
        discussion: "The next deploy rolls out the current code and data again.")

    @Argument(
        help: ArgumentHelp("Tag prefix of the release, as `kubeforge releases` shows it (default: the previous one)."))
    var release: String?

    @OptionGroup var inventory: InventoryOption

    @Flag(help: "Show what would change without changing anything.")
    var dryRun = false

    @Option(
        help: ArgumentHelp(
            "Undo the rollback if pods are not ready within this time: 90s, 5m. (default: 5m)", valueName: "time"),
        transform: DurationArgument.rollout)
    var timeout: Duration?

    @OptionGroup var service: ServiceOption

    @OptionGroup var options: SharedOptions

    var services: [String] { service.names }

    func action(_ surroundings: ProcessEnvironment) -> Action {
        let (release, limit) = (release, timeout ?? .seconds(300))
        var action = Action("rollback", isDryRun: dryRun) { context in
            try RollbackPlan.make(
                cluster: context.cluster, history: try await context.history(), to: release,
                templates: context.templates, by: context.person, within: limit)
        } next: { context in
            ["kubeforge smoke-test\(context.inventoryArgument)"]
        }
        action.takesOneService = release != nil
        action.arguments = (release.map { " \($0.shellQuoted)" } ?? "") + " --inventory"
        return action.holding { .service($0.service) }.onFirstControlPlane()
    }
}
