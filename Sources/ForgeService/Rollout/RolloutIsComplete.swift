import ForgeCore
import ForgePlan

/// Every pod of the service is of this release and answers its probes; no pod of another one is left.
///
/// It waits as `WaitUntil` does, and stops early when a cause shows that cannot cure itself.
package struct RolloutIsComplete: Step {
    /// What every pod must run in the end.
    package let release: Release
    private let deployment: String
    private let replicas: Int
    private let kubectl: Kubectl
    private let limit: Duration
    private let pause: Duration
    private let restoration: AutomaticRollback?

    /// `deployment`: its name, where that is not the release's. `restoration`: what brings back what ran before, when
    /// it fails.
    init(
        _ release: Release, of deployment: String? = nil, replicas: Int, namespace: String,
        within limit: Duration = .seconds(300),
        every pause: Duration = .seconds(1), orElse restoration: AutomaticRollback? = nil
    ) {
        self.release = release
        self.deployment = deployment ?? release.name
        self.replicas = replicas
        self.limit = limit
        self.pause = pause
        self.restoration = restoration
        kubectl = Kubectl(namespace: namespace)
    }

    package var title: String { "\(replicas) \(replicas == 1 ? "pod answers" : "pods answer") with \(release.image)" }

    package var questions: [Question] { [.command(look)] }

    /// How many pods are not of this release, not available, or left of another one.
    package func differences(given answers: Answers) -> [Difference] {
        let answer = answers.command(look)
        guard answer.exitCode == 0 else {
            return [Difference("the cluster could not be asked about \(deployment)", silent: answer)]
        }
        return RolloutState(ClusterObject.list(answer.text)).differences(
            from: release, of: deployment, replicas: replicas)
    }

    /// Waits. Throws when the limit is over, or as soon as a cause shows that cannot cure itself, after what ran before
    /// has been brought back.
    package func apply(to machine: Machine) async throws {
        let end = ContinuousClock.now + limit
        while true {
            let answers = try await machine.ask(questions + [.command(warnings)])
            let remaining = differences(given: answers)
            if remaining.isEmpty { return }
            let isLate = ContinuousClock.now >= end
            if isLate || diagnosis(answers).isPermanent { throw try await failure(machine, remaining, isLate: isLate) }
            try await machine.pause(pause)
        }
    }

    private func failure(_ machine: Machine, _ remaining: [Difference], isLate: Bool) async throws -> Problem {
        let problem = try await problem(machine, remaining, isLate: isLate)
        return await restoration?.after(problem, on: machine) ?? problem
    }

    private func problem(_ machine: Machine, _ remaining: [Difference], isLate: Bool) async throws -> Problem {
        let answers = try await machine.ask(questions + [.command(warnings), .command(lastLines), .command(nodes)])
        return diagnosis(answers).problem(
            host: machine.host.name, release: release, namespace: kubectl.namespace,
            ending: isLate ? "did not become ready within \(limit.components.seconds) s" : "does not become ready",
            remaining: remaining)
    }

    func diagnosis(_ answers: Answers) -> RolloutDiagnosis {
        RolloutDiagnosis(
            state: RolloutState(ClusterObject.list(answers.command(look).text)),
            events: ClusterEvent.list(answers.command(warnings).text),
            logs: PodLogs(answers.command(lastLines).text).byPod,
            nodes: ClusterObject.list(answers.command(nodes).text))
    }

    private var selector: Word { "app.kubernetes.io/name=\(deployment)" }

    var look: String { kubectl.look("get", "deployments,replicasets,pods", "--selector", selector, "--output", "json") }

    var warnings: String { ClusterEvent.warnings(kubectl) }

    var nodes: String { kubectl.line("get", "nodes", "--output", "json") }

    var lastLines: String { PodLogs.lastLines(of: selector, kubectl) }
}
