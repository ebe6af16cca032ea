import ForgeCore
import ForgeInventory

extension Recipes {
    /// The control plane, kube-proxy, etcd and pause, and the stand-ins for CoreDNS and flannel, as OCI layouts.
    func kubernetesImages(_ version: Version, kubernetes: Supply, standIns: Supply, workshop: Supply) throws(Problem) -> Supply {
        try supply(
            "the image set of Kubernetes \(version)", usually: "20 s", in: "\(cache.root)/layouts/kubernetes-\(version)",
            script: "kubernetes-images.sh", files: ["image-functions.sh"],
            values: ["version": "\(version)", "kubernetes": "\(kubernetes.place)/bin", "standins": "\(standIns.place)/bin"],
            workshop: workshop, from: [kubernetes, standIns])
    }

    /// The base image of the service.
    func pythonImage(_ workshop: Supply) throws(Problem) -> Supply {
        try supply(
            "the Python base image", usually: "40 s", in: "\(cache.root)/layouts/python", script: "python-image.sh",
            files: ["image-functions.sh"], workshop: workshop)
    }

    /// What the cluster's own registry runs.
    func registryImage(_ workshop: Supply) throws(Problem) -> Supply {
        let tag = ClusterRegistry.image.split(separator: ":").last.map(String.init) ?? "latest"
        return try supply(
            "the registry's own image", usually: "5 s", in: "\(cache.root)/layouts/registry", script: "registry-image.sh",
            files: ["image-functions.sh"], values: ["tag": tag], workshop: workshop)
    }

    /// All of them in the registry's storage, and over them a person's own archives (described so that a change of one is noticed).
    /// The place holds no images: it only tells that they are there.
    func registry(_ version: Version, layouts: [Supply], archives: [String], workshop: Supply) throws(Problem) -> Supply {
        try supply(
            "the image registry for Kubernetes \(version)", usually: "10 s", in: "\(cache.registry)/stocked/\(version)",
            script: "registry.sh",
            values: [
                "storage": cache.registry, "layouts": layouts.map(\.place).joined(separator: " "), "archives": cache.images,
                "contents": archives.joined(separator: "\n"),
            ],
            workshop: workshop, from: layouts)
    }
}
