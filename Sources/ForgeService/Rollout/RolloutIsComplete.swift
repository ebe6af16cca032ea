import ForgeCore
import ForgePlan

/// Every pod of the service is of this release and answers its probes; no pod of another one is left.
///
/// It waits as `WaitUntil` does, and stops early when a cause shows that cannot cure itself.
package struct RolloutIsComplete: Step {
    /// Between two looks.
    static let pause = Duration.seconds(1)

    /// What every pod must run in the end.
    package let release: Release
    private let deployment: String
    private let replicas: Int
    private let kubectl: Kubectl
    private let limit: Duration
    private let interval: Duration
    private let restoration: AutomaticRollback?

    /// `deployment`: its name, where that is not the release's. `restoration`: what brings back what ran before, when
    /// it fails.
    init(
        _ release: Release, of deployment: String? = nil, replicas: Int, namespace: String,
        within limit: Duration = .seconds(300),
        every interval: Duration = Self.pause, orElse restoration: AutomaticRollback? = nil
    ) {
        self.release = release
        self.deployment = deployment ?? release.name
        self.replicas = replicas
        self.limit = limit
        self.interval = interval
        self.restoration = restoration
        kubectl = Kubectl(namespace: namespace)
    }

    package var title: String { "\(replicas) \(replicas == 1 ? "pod is" : "pods are") ready with \(release.image)" }

    package var questions: [Question] { [.command(look)] }

    /// How many pods are not of this release, not available, or left of another one.
    package func differences(given answers: Answers) -> [Difference] {
        let answer = answers.command(look)
        guard answer.exitCode == 0 else {
            return [Difference("the cluster could not be queried about \(deployment)", silent: answer)]
        }
        return state(answer).differences(from: release, of: deployment, replicas: replicas)
    }

    /// Another Deployment may have the service's label.
    private func state(_ answer: CommandState) -> RolloutState {
        RolloutState(
            ClusterObject.list(answer.text).filter { $0.kind != "Deployment" || $0.metadata.name == deployment })
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
            try await machine.pause(interval)
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
            state: state(answers.command(look)),
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

/// How far a rollout is: the Deployment, and the pods of its newest ReplicaSet.
struct RolloutState: Sendable {
    let deployment: ClusterObject?
    /// The pods of the newest ReplicaSet only: those of an earlier, broken release say nothing about this one.
    let pods: [ClusterObject]
    /// The newest ReplicaSet, once the controller has made it.
    let replicaSet: String?

    /// `objects`: the Deployment, ReplicaSets and Pods of the service.
    init(_ objects: [ClusterObject]) {
        deployment = objects.first { $0.kind == "Deployment" }
        let set = deployment?.newestReplicaSet(among: objects)
        replicaSet = set?.metadata.name
        pods = objects.filter { pod in
            pod.kind == "Pod" && pod.metadata.deletionTimestamp == nil
                && pod.metadata.ownerReferences?.contains { $0.name == set?.metadata.name } == true
        }
    }

    /// What keeps the release from being complete, first things first.
    func differences(from wanted: Release, of name: String, replicas: Int) -> [Difference] {
        guard let deployment else { return ["there is no Deployment \(name)"] }
        let image = deployment.spec?.template?.spec.containers.first?.image ?? "nothing"
        if image != wanted.reference { return [Difference("image", from: image, to: wanted.reference)] }
        return Self.unfinished(deployment, replicas)
    }

    private static func unfinished(_ deployment: ClusterObject, _ replicas: Int) -> [Difference] {
        let status = deployment.status
        if (status?.observedGeneration ?? 0) < (deployment.metadata.generation ?? 0) {
            return ["the controller has not observed the new Deployment yet"]
        }
        let counts = [status?.replicas, status?.updatedReplicas, status?.availableReplicas].map {
            Int(Double($0 ?? 0), in: .counts)
        }
        let (all, updated, available) = (counts[0], counts[1], counts[2])
        var found: [Difference] = []
        if updated < replicas { found.append("\(updated) of \(replicas) pods are of this release") }
        if all > updated {
            found.append(
                """
                \(all - updated) \(all - updated == 1 ? "pod" : "pods") of another release still \
                \(all - updated == 1 ? "runs" : "run")
                """
            )
        }
        if available < replicas { found.append("\(available) of \(replicas) pods are available") }
        return found
    }
}

/// Why a rollout is not complete, in the cluster's own words: causes, log lines, events.
struct RolloutDiagnosis: Sendable {
    let state: RolloutState
    let events: [ClusterEvent]
    /// The last log lines by pod.
    let logs: [String: [String]]
    /// All of the cluster; none where they were not asked.
    var nodes: [ClusterObject] = []

    /// What holds for the release, the commonest cause first; empty when every pod is ready.
    var causes: [(cause: PodFailure, pods: [ClusterObject])] {
        var found: [(cause: PodFailure, pods: [ClusterObject])] = []
        for pod in state.pods {
            guard let cause = PodFailure(of: pod, events: events) else { continue }
            if let index = found.firstIndex(where: { $0.cause == cause }) {
                found[index].pods.append(pod)
            } else {
                found.append((cause, [pod]))
            }
        }
        if let refusal { found.append((.refused(refusal), [])) }
        return found.sorted { $0.pods.count > $1.pods.count }
    }

    /// No pods, since the API server does not take them.
    private var refusal: String? {
        state.deployment?.status?.conditions?.first { $0.type == "ReplicaFailure" && $0.status == "True" }?.message
    }

    var isPermanent: Bool { causes.contains { $0.cause.isPermanent && $0.pods.contains(where: hasTriedAgain) } }

    /// One crash may be an accident; after the second the kubelet backs off, and it is the rule.
    private func hasTriedAgain(_ pod: ClusterObject) -> Bool {
        if let status = pod.current, status.state?.waiting?.reason == "CrashLoopBackOff" {
            return status.restartCount >= 2
        }
        return pod.neverStarts(events)
    }

    func problem(host: String, release: Release, namespace: String, ending: String, remaining: [Difference]) -> Problem
    {
        let first = causes.first?.cause ?? .slow
        let troubles = nodes.flatMap { node in NodeTrouble.all(of: node).map { (node: node.metadata.name, trouble: $0) }
        }
        let told =
            causes.flatMap { PodTermination(cause: $0.cause, pods: $0.pods).lines(logs) }
            + troubles.map { $1.sentence($0) }
        return Problem(
            what: "\(host): \(release.image) \(ending)",
            why: ([remaining.map(\.text).joined(separator: "; ")] + told + warnings(besides: told)).joined(
                separator: "\n"),
            fix: (first.isOfNodes ? troubles.first.map { $1.fix($0) } : nil)
                ?? first.fix(release.name, namespace: namespace))
    }

    /// The newest warning of each kind about this release, where it says more than was said.
    private func warnings(besides told: [String]) -> [String] {
        let subjects = Set(
            state.pods.map(\.metadata.name) + [state.replicaSet, state.deployment?.metadata.name].compactMap { $0 })
        let own = events.filter { event in
            event.type == "Warning" && ["Pod", "ReplicaSet", "Deployment"].contains(event.involvedObject.kind)
                && event.involvedObject.name.map(subjects.contains) == true
        }
        let newest = own.sorted { $0.time > $1.time }
        let kinds = newest.compactMap(\.reason).uniqued().prefix(3)
        let messages = kinds.compactMap { kind in newest.first { $0.reason == kind }?.message.map { (kind, $0) } }
        return messages.filter { _, message in !told.contains { $0.contains(Self.core(message)) } }.map {
            "event \($0): \($1)"
        }
    }

    private static func core(_ message: String) -> String {
        message.hasPrefix("Error: ") ? String(message.dropFirst("Error: ".count)) : message
    }
}

extension ClusterObject {
    /// The ReplicaSet of what a Deployment describes now, once the controller has made it.
    fileprivate func newestReplicaSet(among objects: [ClusterObject]) -> ClusterObject? {
        guard let revision = metadata.annotations?[Self.revision] else { return nil }
        return objects.first {
            $0.isReplicaSet(of: metadata.name) && $0.metadata.annotations?[Self.revision] == revision
        }
    }
}
