import ForgeCore
import ForgeInventory

extension BuildRules {
    /// What stands behind the version in pkgs.k8s.io's packages: `1.20.2-1.1`.
    static let revision = "1.1"

    /// What the lab made itself; what was brought lies elsewhere.
    static let packagePrefix = "kubernetes-"

    /// Where packages of all versions lie before they are in a repository.
    var packages: String { "\(cache.root)/packages" }

    func packages(of version: Version) -> String { "\(packages)/\(Self.packagePrefix)\(version)" }

    /// A folder of debs, and the digest of what made it.
    struct PackageFolder: Sendable, Hashable {
        let path: String
        let digest: String
    }

    func packageFolder(_ artifact: Artifact) -> PackageFolder {
        packageFolder(place: artifact.place, digest: artifact.digest)
    }

    /// A brought release has images, too, so its packages are one folder further down.
    func packageFolder(place: String, digest: String) -> PackageFolder {
        PackageFolder(path: place.hasPrefix(broughtReleases) ? "\(place)/packages" : place, digest: digest)
    }

    /// kubelet, kubeadm, kubectl, kubernetes-cni and cri-tools as debs.
    func kubernetesPackages(_ version: Version, kubernetes: Artifact, standIns: Artifact, buildRoot: Artifact)
        throws(Problem) -> Artifact
    {
        try artifact(
            "the package set of Kubernetes \(version)", usually: "10 s", in: packages(of: version),
            script: "kubernetes-packages.sh",
            files: ["kubelet.service", "10-kubeadm.conf"],
            values: [
                "version": "\(version)", "revision": Self.revision, "kubernetes": "\(kubernetes.place)/bin",
                "standins": "\(standIns.place)/bin",
            ],
            buildRoot: buildRoot, from: [kubernetes, standIns])
    }

    /// The flat repository of a minor release, as pkgs.k8s.io has it. `others` are the versions that other labs asked
    /// for.
    func kubernetesRepository(
        _ version: Version, own: PackageFolder, others: [Version: PackageFolder], key: Artifact, buildRoot: Artifact
    ) throws(Problem) -> Artifact {
        let all = others.merging([version: own]) { _, own in own }.sorted { $0.key < $1.key }.map(\.value)
        return try artifact(
            "the apt repository of Kubernetes \(version.minorName)", usually: "5 s",
            in: "\(cache.apt)/core:/stable:/\(version.minorName)/deb",
            script: "kubernetes-repository.sh", files: ["sign-release.sh"],
            values: [
                "debs": all.map(\.path).joined(separator: " "), "contents": all.map(\.digest).joined(separator: " "),
            ],
            buildRoot: buildRoot, from: [key])
    }
}
