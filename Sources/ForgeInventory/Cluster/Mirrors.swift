import ForgeCore

/// Where packages, images and Python wheels come from instead of the public places.
package struct Mirrors: Sendable, Hashable {
    /// In place of `https://download.docker.com/linux/<distribution>`; `<distribution>` in it stands for each host's
    /// own.
    package var docker: AptRepository?
    /// In place of `https://pkgs.k8s.io/core:/stable:`; `/v1.36/deb/` follows.
    package var kubernetes: AptRepository?
    /// In place of Debian's own archives, for the image build. Its key is a file.
    package var debian: AptRepository?
    /// Registry → base URL of its mirror, `http://…` allowed: `docker.io`, `registry.k8s.io`, `ghcr.io`, …
    package var registries: [String: String]
    /// A Python package index (PEP 503) for the image build.
    package var python: String?
    /// In place of cri-dockerd's release at github.com.
    package var criDockerd: Archive?

    package init(
        docker: AptRepository? = nil, kubernetes: AptRepository? = nil, debian: AptRepository? = nil,
        registries: [String: String] = [:], python: String? = nil, criDockerd: Archive? = nil
    ) {
        self.docker = docker
        self.kubernetes = kubernetes
        self.debian = debian
        self.registries = registries
        self.python = python
        self.criDockerd = criDockerd
    }

    /// A file that machines fetch and believe by its digest.
    package struct Archive: Sendable, Hashable {
        /// `{arch}` stands for the machine's: `amd64`, `arm64`.
        package var url: String
        /// 64 hexadecimal digits, lower case; nil: those that kubeforge knows of the release.
        package var sha256: String?

        package init(url: String, sha256: String? = nil) {
            self.url = url
            self.sha256 = sha256
        }
    }

    /// A mirror of an apt repository, and the key that signs it.
    package struct AptRepository: Sendable, Hashable {
        /// What stands for `debian` or `ubuntu` in the address of Docker's packages.
        package static let distribution = "<distribution>"

        /// Without a slash at its end.
        package var url: String
        /// Given or fetched; a repository without a key is not accepted.
        package var key: Key

        package init(url: String, key: Key) {
            self.url = url
            self.key = key
        }
    }

    /// The public key that signs a repository.
    package enum Key: Sendable, Hashable {
        /// A file on the operator's machine: it is believed because the operator has it.
        case file(path: String)
        /// Fetched by the hosts and believed only with this fingerprint (40 hexadecimal digits, upper case).
        case url(String, fingerprint: String)
    }
}

/// The registry that kubeforge runs on the first control plane for the service's image, where the inventory names no
/// other.
package struct ClusterRegistry: Sendable, Hashable {
    /// The address at which the nodes reach the machine that it runs on.
    package let address: IPv4Address

    package init(address: IPv4Address) { self.address = address }

    /// Of nobody whom Kubernetes, its usual add-ons or the NodePorts bring, and not 5000, which other registries use.
    package static let port: UInt16 = 5443

    /// The well-known `registry` image, in the one place that names it. Of 2.8, because that minor is what was tried; 3
    /// takes the same files.
    package static let image = "docker.io/library/registry:2.8.3"

    /// As images name it: `10.77.0.11:5443`.
    package var endpoint: String { "\(address):\(Self.port)" }

    /// The authority that signs its certificate: the cluster's own, which every node has once it joined.
    package static let authority = "/etc/kubernetes/pki/ca.crt"

    /// Where a runtime on this computer or a node looks for the authority that it believes for this registry.
    /// containerd reads Docker's layout, too, where there is no hosts.toml: one link serves both, and follows the
    /// authority when that is made anew.
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
