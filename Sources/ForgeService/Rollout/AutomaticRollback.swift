import ForgeCore
import ForgePlan

/// The release that ran before comes back when a rollout fails, so that no half of a broken one stays. A release that
/// was complete earlier, and whose pods are not ready now, is not rolled back.
struct AutomaticRollback: Sendable {
    let release: Release
    /// The template of the rollout that may fail.
    let template: String
    let namespace: String
    let replicas: Int
    var limit: Duration = .seconds(180)
    var pause = RolloutIsComplete.pause

    /// The problem of the rollout, with what became of the cluster.
    func after(_ problem: Problem, on machine: Machine) async -> Problem {
        do {
            return problem.adding(why: try await restore(machine))
        } catch {
            let sentence =
                "the previous release could not be restored: \(Problem(error, on: machine.host.name).what)"
            return problem.adding(why: sentence)
        }
    }

    private func restore(_ machine: Machine) async throws -> String {
        let look = ReleaseHistory.look(release.name, namespace: namespace)
        let answer = try await machine.ask([.command(look)]).command(look)
        guard answer.exitCode == 0 else { throw Problem(silent: machine.host.name, answer) }
        let history = ReleaseHistory(answer.text, of: release.name)
        guard let old = history.predecessor(of: template) else {
            return history.wasCompleteLast(template)
                ? "nothing was rolled back: \(release.image) is the release that was complete last"
                : "no earlier release to roll back to; its pods are left for inspection"
        }
        try await machine.run(history.undo(to: old.revision, namespace: namespace))
        let rollout = RolloutIsComplete(
            old.release, replicas: replicas, namespace: namespace, within: limit, every: pause)
        try await rollout.apply(to: machine)
        let models = old.record.models.map { " with models \($0)" } ?? ""
        return "rolled back: \(old.record.image)\(models) is serving on all pods"
    }
}
