import ForgeCore

/// The registry that kubeforge runs on the first control plane for the service's image, where the inventory names no
/// other.
package struct ClusterRegistry: Sendable, Hashable {
    /// The address at which the nodes reach the machine that it runs on.
    package let address: IPv4Address

    package init(address: IPv4Address) { self.address = address }

    /// A port that neither Kubernetes nor its usual add-ons nor NodePorts use, and not 5000, which other registries
    /// use.
    package static let port: UInt16 = 5443

    /// The well-known `registry` image, in the one place that names it. Of 2.8, because that minor is what was tried; 3
    /// takes the same files.
    package static let image = "docker.io/library/registry:2.8.3"

    /// The registry as images name it: `10.77.0.11:5443`.
    package var endpoint: String { "\(address):\(Self.port)" }

    /// The authority that signs its certificate: the cluster's own, which every node has once it joined.
    package static let authority = "/etc/kubernetes/pki/ca.crt"

    /// Where a runtime on this computer or a node looks for the authority that it trusts for this registry.
    /// containerd reads Docker's layout, too, where there is no hosts.toml: one link serves both, and follows the
    /// authority when that is replaced.
    package func authorityLink(for runtime: Cluster.Runtime) -> String {
        let directory = runtime == .docker ? "/etc/docker/certs.d" : "/etc/containerd/certs.d"
        return "\(directory)/\(endpoint)/ca.crt"
    }
}

extension Cluster {
    /// nil where the inventory names a registry.
    package var ownRegistry: ClusterRegistry? {
        service.registry == nil ? ClusterRegistry(address: firstControlPlane.address) : nil
    }

    /// What stands before the image's name in its reference: `10.77.0.11:5443/mlops`. Always with a registry's name, so
    /// that no runtime takes it for an image of Docker Hub.
    package var imagePrefix: String { service.registry ?? "\(ownRegistry!.endpoint)/\(service.namespace)" }
}
