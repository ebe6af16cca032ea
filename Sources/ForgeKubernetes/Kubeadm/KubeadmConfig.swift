import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeTemplates

/// The configuration files of `kubeadm init` and `kubeadm join`, in the API version that the release reads.
package struct KubeadmConfig: Sendable {
    let cluster: Cluster
    let templates: Templates

    package init(cluster: Cluster, templates: Templates) {
        self.cluster = cluster
        self.templates = templates
    }

    /// < 1.22: v1beta2; 1.22 to 1.30: v1beta3; from 1.31: v1beta4.
    package static func apiVersion(for version: Version) -> String {
        switch version.minor {
        case ..<22: "kubeadm.k8s.io/v1beta2"
        case ...30: "kubeadm.k8s.io/v1beta3"
        default: "kubeadm.k8s.io/v1beta4"
        }
    }

    /// `isContainer`: the limit of tracked connections belongs to the machine's host then, and kube-proxy must leave it
    /// alone.
    package func initConfiguration(of host: Host, isContainer: Bool) throws(Problem) -> String {
        var values = node(host)
        values["clusterName"] = cluster.name.yamlQuoted
        values["version"] = "v\(cluster.kubernetes)".yamlQuoted
        values["imageRepository"] = (cluster.imageRepository ?? Cluster.Defaults.imageRepository).yamlQuoted
        values["podSubnet"] = "\(cluster.podNetwork)".yamlQuoted
        values["serviceSubnet"] = "\(cluster.serviceNetwork)".yamlQuoted
        values["endpoint"] = "\(host.address):6443".yamlQuoted
        values["apiServer"] =
            host.publicAddress == "\(host.address)" ? "{}" : "{ certSANs: [\(host.publicAddress.yamlQuoted)] }"
        values["connections"] = isContainer ? "{ maxPerCore: 0, min: 0 }" : "{}"
        return try template("init").render(values)
    }

    /// `token` is a secret: the file is written 0600 and removed after the join.
    package func joinConfiguration(of host: Host, server: IPv4Address, token: String, caHash: String) throws(Problem)
        -> String
    {
        var values = node(host)
        values["server"] = "\(server):6443".yamlQuoted
        values["token"] = token.yamlQuoted
        values["caHash"] = caHash.yamlQuoted
        values.removeValue(forKey: "advertiseAddress")
        return try template("join").render(values)
    }

    private func template(_ name: String) throws(Problem) -> Template {
        try templates["kubeadm/\(name)\(cluster.kubernetes.isAtLeast(1, 31) ? "-v1beta4" : "").yaml"]
    }

    private func node(_ host: Host) -> [String: String] {
        var values = [
            "nodeName": host.name.yamlQuoted, "nodeAddress": "\(host.address)".yamlQuoted,
            "advertiseAddress": "\(host.address)".yamlQuoted,
            "criSocket": RuntimeSocket.path(for: cluster).yamlQuoted,
        ]
        if !cluster.kubernetes.isAtLeast(1, 31) { values["apiVersion"] = Self.apiVersion(for: cluster.kubernetes) }
        return values
    }
}

/// Where the kubelet finds the container runtime, as kubeadm's criSocket wants it.
enum RuntimeSocket {
    /// Two sockets may be present, so kubeadm must be told. Releases before 1.24 take the bare path only.
    static func path(for cluster: Cluster) -> String {
        let isNew = cluster.kubernetes.isAtLeast(1, 24)
        switch cluster.runtime {
        case .containerd: return (isNew ? "unix://" : "") + "/run/containerd/containerd.sock"
        case .docker: return isNew ? "unix:///var/run/cri-dockerd.sock" : "/var/run/dockershim.sock"
        }
    }
}

/// The images that the installed kubeadm wants, in its own words: a table of ours would lag behind every release.
struct KubeadmImages {
    let cluster: Cluster

    /// Prints a reference a line; nothing where kubeadm is not installed yet. With a version it asks nobody outside.
    var look: String {
        let repository = cluster.imageRepository ?? Cluster.Defaults.imageRepository
        return
            """
            kubeadm config images list --kubernetes-version v\(cluster.kubernetes) --image-repository \
            \(repository.shellQuoted) 2>/dev/null
            """
    }

    func all(_ answers: Answers) -> [String] { answers.command(look).text.split(separator: "\n").map(String.init) }

    /// The reference of one of them, by the last part of its name: `pause`, `kube-proxy`, `coredns`.
    func named(_ name: String, _ answers: Answers) -> String? {
        all(answers).first { $0.split(separator: "/").last?.split(separator: ":").first.map(String.init) == name }
    }

    /// The sandbox image; the runtime must name the same, or two are pulled, and one of them may be in no mirror.
    func sandbox(_ answers: Answers) -> String? { named("pause", answers) }

    static let notKnown: Difference = "its sandbox image is not known before kubeadm is installed"

    func noAnswer(on host: Host) -> Problem {
        Problem(
            what: "\(host.name): kubeadm does not name the images of \(cluster.kubernetes)",
            why: "`\(look)` names no pause image",
            fix: "run it on \(host.name) without `2>/dev/null`, to see what it says")
    }
}
