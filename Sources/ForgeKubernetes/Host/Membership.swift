import ForgeCore
import ForgeInventory
import ForgePlan

/// The machine belongs to no other cluster, and has no other name in this one.
struct Membership: Preflighting {
    let host: Host
    let cluster: Cluster

    var title: String { "it belongs to no other cluster" }

    var questions: [Question] { [.contents(Self.kubeletConfig), .contents(Kubectl.adminConfig), .command(Self.nodeNameLook)] }

    func differences(given answers: Answers) -> [Difference] {
        let server = answers.text(Self.kubeletConfig).flatMap(Self.server)
        let here = "https://\(cluster.firstControlPlane.address):6443"
        let name = answers.command(Self.nodeNameLook).text
        let admin = answers.text(Kubectl.adminConfig).flatMap(Self.clusterName)
        var found: [Difference] = []
        if let server, server != here { found.append("it belongs to the cluster at \(server), this one is at \(here)") }
        if let admin, admin != cluster.name { found.append("it is a control plane of the cluster \(admin), this one is \(cluster.name)") }
        if !name.isEmpty, name != host.name {
            found.append("the cluster knows it as the node \(name), the inventory calls it \(host.name)")
        }
        return found
    }

    func finding(_ differences: [Difference], on host: Host) -> Problem {
        Problem(
            what: "\(host.name): is taken, and is left as it is", why: differences.map(\.text).joined(separator: "\n"),
            fix:
                "if this is the wrong machine or name, correct \(cluster.path); if its old cluster is no longer wanted: `sudo kubeadm reset` on \(host.name), and run again"
        )
    }

    private static let kubeletConfig = "/etc/kubernetes/kubelet.conf"

    /// The name in the kubelet's certificate: `CN = system:node:NAME`.
    private static let nodeNameLook =
        "c=/var/lib/kubelet/pki/kubelet-client-current.pem; [ -f $c ] && openssl x509 -noout -subject -in $c | sed -n 's/.*system:node:\\([^,/ ]*\\).*/\\1/p'"

    private static func server(_ text: String) -> String? { value(of: "server:", in: text) }

    /// admin.conf names its one cluster `name:` under `clusters:`, right after the server.
    private static func clusterName(_ text: String) -> String? {
        guard let server = text.firstRange(of: "server:") else { return nil }
        return value(of: "name:", in: String(text[server.upperBound...]))
    }

    private static func value(of key: String, in text: String) -> String? {
        text.split(separator: "\n").map { $0.trimming(while: \.isWhitespace) }.first { $0.hasPrefix(key) }
            .map { $0.dropFirst(key.count).trimming(while: \.isWhitespace) }
    }
}

/// What is installed can become what shall be installed.
struct KubernetesOnDisk: Preflighting {
    let version: Version

    var title: String { "its Kubernetes is not newer, and not another minor of a running cluster" }

    var questions: [Question] { [.package("kubelet"), .file("/etc/kubernetes/kubelet.conf")] }

    func differences(given answers: Answers) -> [Difference] {
        let text = answers.package("kubelet").installed.map { String($0.prefix { $0 != "-" }) }
        guard let installed = text.flatMap({ Version($0) }), answers.file("/etc/kubernetes/kubelet.conf") != nil else { return [] }
        return installed == version ? [] : [Difference("its kubelet", from: installed, to: version)]
    }

    func finding(_ differences: [Difference], on host: Host) -> Problem {
        Problem(
            what: "\(host.name): runs another version of Kubernetes, and is left as it is",
            why: differences.map(\.text).joined(separator: "\n"),
            fix: "provision does not upgrade a running cluster: write the running version into the inventory, or upgrade it with kubeadm")
    }
}
