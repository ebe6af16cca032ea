import ForgeCore
import ForgePlan

/// Why a rollout is not complete, in the cluster's own words: causes, log lines, events.
struct RolloutDiagnosis: Sendable {
    let state: RolloutState
    let events: [ClusterEvent]
    /// The last log lines by pod.
    let logs: [String: [String]]

    /// What holds for the release, the commonest cause first; empty when every pod is ready.
    var causes: [(cause: RolloutCause, pods: [ClusterObject])] {
        var found: [(cause: RolloutCause, pods: [ClusterObject])] = []
        for pod in state.pods {
            guard let cause = RolloutCause(of: pod, events: events) else { continue }
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

    var isHopeless: Bool { causes.contains { $0.cause.isHopeless && $0.pods.contains(where: Self.hasTriedAgain) } }

    /// One crash may be an accident, and one failed pull a hiccup; after the second the kubelet backs off, and it is the rule.
    private static func hasTriedAgain(_ pod: ClusterObject) -> Bool {
        guard let status = pod.status?.containerStatuses?.first, let reason = status.state?.waiting?.reason else { return false }
        if reason == "CrashLoopBackOff" { return status.restartCount >= 2 }
        return ["ImagePullBackOff", "ErrImageNeverPull", "InvalidImageName", "CreateContainerConfigError"].contains(reason)
    }

    func problem(host: String, release: Release, namespace: String, ending: String, remaining: [Difference]) -> Problem {
        let first = causes.first?.cause ?? .slow
        return Problem(
            what: "\(host): \(release.image) \(ending)",
            why: ([remaining.map(\.text).joined(separator: "; ")] + causes.flatMap(paragraph) + warnings).joined(separator: "\n"),
            fix: first.fix(release.name).split(separator: "NAMESPACE", omittingEmptySubsequences: false).joined(separator: namespace))
    }

    private func paragraph(_ cause: RolloutCause, _ pods: [ClusterObject]) -> [String] {
        guard let pod = pods.first else { return [cause.sentence] }
        let others = pods.count > 1 ? " (and \(pods.count - 1) more)" : ""
        let place = pod.spec?.nodeName.map { " on \($0)" } ?? ""
        let log = (logs[pod.metadata.name] ?? []).suffix(8).map { "  | \($0)" }
        return ["\(pod.metadata.name)\(place)\(others): \(cause.sentence)"] + log
    }

    /// The newest warnings about this release, each message once.
    private var warnings: [String] {
        let subjects = Set(state.pods.map(\.metadata.name) + [state.replicaSet, state.deployment?.metadata.name].compactMap { $0 })
        let told = events.filter { $0.type == "Warning" && $0.involvedObject.name.map(subjects.contains) == true }.sorted {
            $0.time > $1.time
        }
        return told.compactMap { event in event.message.map { "event \(event.reason ?? "Warning"): \($0)" } }.uniqued().prefix(3).map { $0 }
    }
}
