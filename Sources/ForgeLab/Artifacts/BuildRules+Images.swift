import ForgeCore
import ForgeInventory

extension BuildRules {
    /// The control plane, kube-proxy, etcd and pause, and the stand-in for CoreDNS, as OCI layouts with the names that
    /// kubeadm asks for.
    func kubernetesImages(_ version: Version, kubernetes: Artifact, standIns: Artifact, buildRoot: Artifact)
        throws(Problem) -> Artifact
    {
        try artifact(
            "the image set of Kubernetes \(version)", usually: "20 s",
            in: "\(cache.root)/layouts/kubernetes-\(version)",
            script: "kubernetes-images.sh", files: ["image-functions.sh"],
            values: [
                "version": "\(version)", "kubernetes": "\(kubernetes.place)/bin", "standins": "\(standIns.place)/bin",
            ],
            buildRoot: buildRoot, from: [kubernetes, standIns])
    }

    /// What the manifest of flannel runs, by its place in the registry.
    static let flannelImages = ["flannel-io/flannel", "flannel-io/flannel-cni-plugin"]

    /// The stand-ins for flannel's images.
    func flannelImages(standIns: Artifact, buildRoot: Artifact) throws(Problem) -> Artifact {
        try artifact(
            "the image set of flannel", usually: "10 s", in: "\(cache.root)/layouts/flannel",
            script: "flannel-images.sh",
            files: ["image-functions.sh"], values: ["standins": "\(standIns.place)/bin"], buildRoot: buildRoot,
            from: [standIns])
    }

    /// The base image of the service.
    func pythonImage(_ buildRoot: Artifact) throws(Problem) -> Artifact {
        try artifact(
            "the Python base image", usually: "40 s", in: "\(cache.root)/layouts/python", script: "python-image.sh",
            files: ["image-functions.sh"], values: ["python": Self.python], buildRoot: buildRoot)
    }

    /// What the cluster's own registry runs.
    func registryImage(_ buildRoot: Artifact) throws(Problem) -> Artifact {
        let tag = ClusterRegistry.image.split(separator: ":").last.map(String.init) ?? "latest"
        return try artifact(
            "the registry's own image", usually: "5 s", in: "\(cache.root)/layouts/registry",
            script: "registry-image.sh",
            files: ["image-functions.sh"], values: ["tag": tag], buildRoot: buildRoot)
    }

    /// All of them in the registry's storage, and over them those that were brought.
    /// The place holds no images: it only tells that they are there.
    func registry(_ version: Version, layouts: [Artifact], brought: BroughtRelease, buildRoot: Artifact) throws(Problem)
        -> Artifact
    {
        try artifact(
            "the image registry for Kubernetes \(version)", usually: "10 s", in: "\(cache.registry)/stocked/\(version)",
            script: "registry.sh",
            values: [
                "storage": cache.registry, "layouts": layouts.map(\.place).joined(separator: " "),
                "pushes": pushes(brought),
                "contents": brought.contents,
            ],
            buildRoot: buildRoot, from: layouts)
    }
}

extension BuildRules {
    /// Python of the service's base image.
    static let python = "3.13"

    /// A PEP 503 index of what the service's requirements name, and of what models may need.
    func wheels(requirements: String) throws(Problem) -> Artifact {
        try artifact(
            "the index of Python wheels", usually: "30 s", in: "\(cache.apt)/simple", script: "wheels.sh",
            files: ["model-packages.txt"], values: ["requirements": requirements, "python": Self.python])
    }
}

extension BuildRules {
    /// Copies of what users brought, by version, where the workshop sees them.
    var broughtReleases: String { "\(cache.root)/brought" }

    func broughtPlace(_ version: Version) -> String { "\(broughtReleases)/\(version)" }

    func brought(_ release: BroughtRelease) throws(Problem) -> Artifact {
        try artifact(
            "the copy of the user's files for Kubernetes \(release.version)", usually: "5 s",
            in: broughtPlace(release.version),
            script: "brought-release.sh",
            values: [
                "packages": release.packagesDirectory, "shared": release.sharedImages,
                "images": release.imagesDirectory,
                "contents": release.contents,
            ])
    }

    /// The brought images as registry.sh reads them: transport, archive, name, and place in the registry, one image a
    /// line.
    func pushes(_ release: BroughtRelease) -> String {
        release.archives.flatMap { archive in
            let file = archive.path.split(separator: "/").last!
            let directory = archive.path == "\(release.sharedImages)/\(file)" ? "shared" : "images"
            return archive.names.map { name in
                let place = "\(broughtPlace(release.version))/\(directory)/\(file)"
                return "\(archive.transport)\t\(place)\t\(name)\t\(RegistryPath.of(name))\n"
            }
        }.joined()
    }
}
