import ForgeCore
import ForgeInventory

extension Recipes {
    /// The minor release whose source Debian 12 has; a version is its patch number.
    static let kubernetesMinor = Version(1, 20, 2)

    /// Debian's source package of Kubernetes 1.20.2, as a GOPATH that builds.
    func kubernetesSource(_ workshop: Supply) throws(Problem) -> Supply {
        try supply(
            "the source of Kubernetes", usually: "30 s", in: "\(cache.root)/sources/kubernetes", script: "kubernetes-source.sh",
            workshop: workshop)
    }

    /// kubelet, kubeadm, kubectl, the control plane, kube-proxy and pause. Another patch release is the same source under another number.
    func kubernetes(_ version: Version, source: Supply, workshop: Supply) throws(Problem) -> Supply {
        try supply(
            "Kubernetes \(version)", usually: "6 min", in: "\(cache.kubernetes)/\(version)", script: "kubernetes-build.sh",
            values: ["version": "\(version)", "source": source.place], workshop: workshop, from: [source])
    }

    /// The stand-ins for crictl, flanneld and CoreDNS, which no archive has.
    func standIns(source: Supply, workshop: Supply) throws(Problem) -> Supply {
        try supply(
            "the set of stand-ins", usually: "20 s", in: "\(cache.root)/standins", script: "standins-build.sh",
            files: ["crictl.go", "flanneld.go", "install-conf.go", "coredns.go"], values: ["source": source.place], workshop: workshop,
            from: [source])
    }
}
