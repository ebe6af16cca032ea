import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeService

/// The verbs about what ran before.
extension Action {
    /// Nothing is made true, so its plan is empty when the table is told.
    static var releases: Action {
        let action = Action("releases", isExclusive: false) { session in
            let history = try await session.history()
            session.executor.reporter.report(.table(history.table))
            return Plan(stages: [], essential: [session.cluster.firstControlPlane.name])
        } next: { _ in
            ["kubeforge rollback RELEASE   (or without RELEASE: the one before)"]
        }
        return action.onFirstControlPlane()
    }

    static func rollback(to release: String?, isDryRun: Bool, within limit: Duration) -> Action {
        var action = Action("rollback", isDryRun: isDryRun) { session in
            try RollbackPlan.make(
                cluster: session.cluster, history: try await session.history(), to: release,
                templates: session.templates,
                by: session.person,
                within: limit)
        } next: { session in
            ["kubeforge smoke-test\(session.inventoryArgument)"]
        }
        action.arguments = (release.map { " \($0.shellQuoted)" } ?? "") + " --inventory"
        return action.holding { .service($0.service) }.onFirstControlPlane()
    }
}

extension ActionContext {
    fileprivate func history() async throws -> ReleaseHistory {
        let host = cluster.firstControlPlane
        let answers = try await fleet.transport(host.name).ask([RollbackPlan.question(cluster.service)], of: host)
        return try RollbackPlan.history(of: cluster, answers)
    }
}
