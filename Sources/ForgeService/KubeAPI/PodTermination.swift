/// Pods with one and the same fault, as lines for a person.
struct PodTermination {
    let cause: PodFailure
    /// None where the fault is that there are none.
    let pods: [ClusterObject]

    /// `logs`: the last lines of each pod.
    func lines(_ logs: [String: [String]]) -> [String] {
        guard let pod = pods.first else { return [cause.sentence] }
        let others = pods.count > 1 ? " (and \(pods.count - 1) more)" : ""
        let place = pod.spec?.nodeName.map { " on \($0)" } ?? ""
        // A container that never ran has no log: kubectl's complaint about that is none.
        let log = (logs[pod.metadata.name] ?? []).filter { !$0.hasPrefix("Error from server") }.suffix(8).map {
            "  | \($0)"
        }
        return ["\(pod.metadata.name)\(place)\(others): \(cause.sentence)"] + log
    }
}
