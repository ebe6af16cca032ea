import ForgeCore
import ForgeInventory

extension Recipes {
    /// What stands behind the version in pkgs.k8s.io's packages: `1.20.2-1.1`.
    static let revision = "1.1"

    /// Where the packages of a version lie before they are in a repository.
    func packages(of version: String) -> String { "\(cache.root)/packages/kubernetes-\(version)" }

    /// kubelet, kubeadm, kubectl, kubernetes-cni and cri-tools as debs.
    func kubernetesPackages(_ version: Version, kubernetes: Supply, standIns: Supply, workshop: Supply) throws(Problem) -> Supply {
        try supply(
            "the package set of Kubernetes \(version)", usually: "10 s", in: packages(of: "\(version)"), script: "kubernetes-packages.sh",
            files: ["kubelet.service", "10-kubeadm.conf"],
            values: [
                "version": "\(version)", "revision": Self.revision, "kubernetes": "\(kubernetes.place)/bin",
                "standins": "\(standIns.place)/bin",
            ],
            workshop: workshop, from: [kubernetes, standIns])
    }

    /// The flat repository of a minor release, as pkgs.k8s.io has it. `others` are the versions that other labs asked for, each with the
    /// digest of its packages.
    func kubernetesRepository(
        _ version: Version, packages: Supply, others: [String: String], key: Supply, workshop: Supply
    ) throws(Problem) -> Supply {
        let all = others.merging(["\(version)": packages.digest]) { _, own in own }.sorted { $0.key < $1.key }
        return try supply(
            "the apt repository of Kubernetes \(version.minorName)", usually: "5 s",
            in: "\(cache.apt)/core:/stable:/\(version.minorName)/deb",
            script: "kubernetes-repository.sh", files: ["sign-release.sh"],
            values: [
                "debs": all.map { self.packages(of: $0.key) }.joined(separator: " "), "contents": all.map(\.value).joined(separator: " "),
            ],
            workshop: workshop, from: [key])
    }
}
