import ForgeInventory

/// Which image the registry itself is, as the runtime of the node that runs it pulls it.
struct RegistryImage {
    let reference: String

    /// containerd finds the mirror of any registry by itself; Docker knows one of docker.io only, so another is named
    /// instead.
    init(_ cluster: Cluster) {
        let image = cluster.service.registryImage
        reference = cluster.runtime == .docker ? BuildArguments.base(image, cluster.mirrors) : image
    }
}
