import ForgeCore
import ForgePlan

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
        message.hasPrefix("Error: ") ? String(message.dropFirst(7)) : message
    }
}
