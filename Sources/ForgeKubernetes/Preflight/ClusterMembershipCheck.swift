import ForgeCore
import ForgeInventory
import ForgePlan

/// The machine belongs to no other cluster, has no other name in this one, and holds nothing of a cluster that
/// kubeforge did not begin.
struct ClusterMembershipCheck: PreflightCheck {
    let host: Host
    let cluster: Cluster

    var title: String { "it belongs to no other cluster" }

    var questions: [Question] {
        [.contents(HostKubectl.kubeletConfig), .contents(HostKubectl.adminConfig), .command(Self.nodeNameLook)]
            + Self.leftovers.map { .file($0) }
            + Begun.Work.allCases.map(Begun.question)
    }

    func differences(given answers: Answers) -> [Difference] {
        let kubelet = answers.text(HostKubectl.kubeletConfig).flatMap(Self.server)
        let admin = answers.text(HostKubectl.adminConfig)
        let name = answers.command(Self.nodeNameLook).text
        var found: [Difference] = []
        for server in [kubelet, admin.flatMap(Self.server)].compactMap({ $0 }).uniqued() where server != here {
            found.append("it belongs to the cluster at \(server), this one is at \(here)")
        }
        if let admin = admin.flatMap(Self.clusterName), admin != cluster.name {
            found.append("it is a control plane of the cluster \(admin), this one is \(cluster.name)")
        }
        if !name.isEmpty, name != host.name {
            found.append("the cluster knows it as the node \(name), the inventory calls it \(host.name)")
        }
        return found + leftovers(answers)
    }

    /// What a worker has that is not a node: what a control plane finds, kubeadm keeps.
    private func leftovers(_ answers: Answers) -> [Difference] {
        let isNoted = Begun.Work.allCases.contains { Begun.isNoted($0, of: cluster, in: answers) }
        guard host.role == .worker, answers.text(HostKubectl.kubeletConfig) == nil, !isNoted else { return [] }
        return Self.leftovers.filter { answers.file($0) != nil }.map {
            "it has \($0) of a cluster that kubeforge did not create"
        }
    }

    /// What harms nothing comes first; a reset is for a cluster that nobody wants.
    func finding(_ differences: [Difference], on host: Host) -> Problem {
        let texts = differences.map(\.text)
        let why = texts.joined(separator: "\n")
        let what = "\(host.name): already belongs to another cluster; it is left untouched"
        let old = texts.lazy.compactMap(Self.foreignAddress).first
        let readdress = old.map { address in
            """
            if the address of \(cluster.firstControlPlane.name) has changed: a cluster keeps the one that it was made \
            with, so give it \(address) again (it may have others beside it), and write `address: \(address)` into \
            \(cluster.path); where SSH goes is another matter (`ssh: { address: … }`).
            """ + " "
        }
        let isOther = texts.contains { $0.hasPrefix("it is a control plane of the cluster ") }
        if let readdress, host == cluster.firstControlPlane, !isOther {
            return Problem(
                what: what, why: why, fix: readdress + "If this is the wrong machine, correct \(cluster.path)")
        }
        if texts.count == 1, let node = Self.node(why) {
            return Problem(
                what: what, why: why,
                fix: "call it \(node) in \(cluster.path): a node keeps the name that it joined with")
        }
        if texts.allSatisfy({ $0.hasPrefix("it has ") }) { return Problem(notBegunHere: why, on: host) }
        return Problem(
            what: what, why: why,
            fix: (isOther ? "" : readdress ?? "")
                + "If this is the wrong machine or name, correct \(cluster.path), or take another machine. "
                    + """
                    Only if nobody needs its old cluster and all that is in it any more: `sudo kubeadm reset` on \
                    \(host.name), and run again
                    """
        )
    }

    private var here: String { "https://\(cluster.firstControlPlane.address):6443" }

    /// `10.1.1.1` of "it belongs to the cluster at https://10.1.1.1:6443, …".
    private static func foreignAddress(_ text: String) -> String? {
        text.firstMatch(of: #/^it belongs to the cluster at https://([0-9.]+):6443,/#).map { String($0.1) }
    }

    private static func node(_ text: String) -> String? {
        text.firstMatch(of: #/^the cluster knows it as the node ([^,]+),/#).map { String($0.1) }
    }

    private static let leftovers = ["/etc/kubernetes/bootstrap-kubelet.conf", "/etc/kubernetes/pki/ca.crt"]

    /// The name in the kubelet's certificate: `CN = system:node:NAME`.
    private static let nodeNameLook =
        """
        c=/var/lib/kubelet/pki/kubelet-client-current.pem; [ -f $c ] && openssl x509 -noout -subject -in $c | sed -n \
        's/.*system:node:\\([^,/ ]*\\).*/\\1/p'
        """

    private static func server(_ text: String) -> String? { value(of: "server:", in: text) }

    /// admin.conf names its one cluster `name:` under `clusters:`, right after the server.
    private static func clusterName(_ text: String) -> String? {
        guard let server = text.firstRange(of: "server:") else { return nil }
        return value(of: "name:", in: String(text[server.upperBound...]))
    }

    private static func value(of key: String, in text: String) -> String? {
        text.linesToRead.map { $0.trimming(while: \.isWhitespace) }.first { $0.hasPrefix(key) }
            .map { $0.dropFirst(key.count).trimming(while: \.isWhitespace) }
    }
}
