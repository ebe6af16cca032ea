/// The names of what a lab makes on this computer. All begin with `kubeforge.<cluster>.`: a cluster's name has no dots,
/// so no lab can take another's things for its own, and what a killed `up` left behind is found without any record of
/// it.
struct LabName: Sendable, Hashable {
    let cluster: String

    init(cluster: String) { self.cluster = cluster }

    var prefix: String { "kubeforge.\(cluster)." }

    /// A network namespace, a group of processes, an nspawn machine.
    func of(_ part: String) -> String { prefix + part }

    /// What the kernel shows beside the bridge, and iptables beside a rule.
    var label: String { "kubeforge.\(cluster)" }
}
