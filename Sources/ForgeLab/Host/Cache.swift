import ForgeCore

/// Where the lab keeps what is expensive to make, and the state of running labs: root's `~/.cache/kubeforge/lab`.
/// Machines' files are root's, so none of them may lie in the home directory of another user; what the operator needs
/// is in `OperatorFiles`.
package struct Cache: Sendable, Hashable {
    /// Absolute, and owned by root.
    package let root: String

    package init(root: String) { self.root = root }

    /// One directory for each digest of what makes it.
    package var rootFileSystems: String { "\(root)/rootfs" }
    /// `<version>/bin/kubelet` and its like.
    package var kubernetes: String { "\(root)/kubernetes" }
    /// Document root of the HTTP server.
    package var apt: String { "\(root)/apt" }
    /// The signing key's home.
    package var gnupg: String { "\(root)/gnupg" }
    /// Storage of docker-registry.
    package var registry: String { "\(root)/registry" }

    /// Everything that one running lab needs to be taken down again.
    package func run(_ cluster: String) -> String { "\(root)/run/\(cluster)" }
}

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
