import ArgumentParser
import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeService

/// `kubeforge batch`: many rows at once, now or at set times.
struct BatchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "batch", abstract: "Run batch inference, now or on a schedule.",
        subcommands: [BatchRunCommand.self, BatchSchedule.self, BatchList.self, BatchUnschedule.self])
}

extension Action {
    /// Tidies up; what it cannot remove now, the next run will.
    static func clear(_ kind: JobKind, _ run: String, _ context: ActionContext) async {
        let step = OldRunsAreRemoved(context.cluster.service, kind, of: run)
        do {
            try await step.apply(to: try context.fleet.machine(context.cluster.firstControlPlane.name))
        } catch {
            let why = Problem(error, on: context.cluster.firstControlPlane.name).what
            context.report(
                .note("objects of this run are still in the cluster; the next run removes them (\(why))"))
        }
    }
}

extension ActionContext {
    func deployedRelease() async throws -> DeployedRelease {
        let (host, transport) = try firstControlPlane()
        return try await DeployedRelease.Look(cluster.service).ask(transport, of: host)
    }
}
