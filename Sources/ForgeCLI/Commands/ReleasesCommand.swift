import ArgumentParser
import ForgeInventory
import ForgePlan
import ForgeService

struct ReleasesCommand: ActionCommand {
    static let configuration = CommandConfiguration(
        commandName: "releases", abstract: "List releases: when, by whom, from which data, and their scores.")

    @OptionGroup var inventory: InventoryArgument

    @OptionGroup var service: ServiceOption

    @OptionGroup var options: SharedOptions

    var services: [String] { service.names }

    func action(_ surroundings: ProcessEnvironment) -> Action {
        .query("releases") { context in
            context.report(.table(try await context.history().table))
        } next: { _ in
            ["kubeforge rollback RELEASE   (without RELEASE: the previous one)"]
        }
    }
}

extension ActionContext {
    /// The releases that the first control plane keeps.
    func history() async throws -> ReleaseHistory {
        let (host, transport) = try firstControlPlane()
        let answers = try await transport.ask([RollbackPlan.question(cluster.service)], of: host)
        return try RollbackPlan.history(of: cluster, answers)
    }
}
