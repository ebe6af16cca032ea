import ForgeCore
import ForgeInventory

extension BuildRules {
    /// The minor release whose source Debian 12 has; a version is its patch number.
    static let kubernetesMinor = Version(1, 20, 2)

    /// Debian's source package of Kubernetes 1.20.2, as a GOPATH that builds.
    func kubernetesSource(_ buildRoot: Artifact) throws(Problem) -> Artifact {
        try artifact(
            "the source of Kubernetes", usually: "30 s", in: "\(cache.root)/sources/kubernetes",
            script: "kubernetes-source.sh",
            buildRoot: buildRoot)
    }

    /// kubelet, kubeadm, kubectl, the control plane, kube-proxy and pause. Another patch release is the same source
    /// under another number.
    func kubernetes(_ version: Version, source: Artifact, buildRoot: Artifact) throws(Problem) -> Artifact {
        try artifact(
            "Kubernetes \(version)", usually: "6 min", in: "\(cache.kubernetes)/\(version)",
            script: "kubernetes-build.sh",
            values: ["version": "\(version)", "source": source.place], buildRoot: buildRoot, from: [source])
    }

    /// The stand-ins for crictl, flanneld and CoreDNS, which no archive has.
    func standIns(source: Artifact, buildRoot: Artifact) throws(Problem) -> Artifact {
        try artifact(
            "the set of stand-ins", usually: "20 s", in: "\(cache.root)/standins", script: "standins-build.sh",
            files: ["crictl.go", "flanneld.go", "install-conf.go", "coredns.go"], values: ["source": source.place],
            buildRoot: buildRoot,
            from: [source])
    }
}
