import ForgeCore

/// A validated inventory: everything that kubeforge knows before it has met a machine.
package struct Cluster: Sendable, Hashable {
    /// Lower-case letters, digits and dashes: the kubeconfig context and kubeadm's clusterName.
    package var name: String
    /// The file it came from, as the user named it; empty when it was made in a test.
    package var path: String
    package var kubernetes: Version
    package var runtime: Runtime
    package var docker: DockerSource
    package var hosts: [Host]
    package var podNetwork: IPv4Network
    package var serviceNetwork: IPv4Network
    /// A name that ForgeKubernetes' CNIs know: `flannel`.
    package var cni: String
    /// Where kubeadm's images come from; nil means `registry.k8s.io`.
    package var imageRepository: String?
    package var mirrors: Mirrors
    /// As the inventory has it; `outgoing` adds what must never go through it.
    package var proxy: Proxy?
    package var service: Service
    package var lab: LabSettings

    package init(
        name: String, path: String = "", kubernetes: Version, runtime: Runtime = .containerd,
        docker: DockerSource = .docker, hosts: [Host],
        podNetwork: IPv4Network = Defaults.podNetwork, serviceNetwork: IPv4Network = Defaults.serviceNetwork,
        cni: String = "flannel",
        imageRepository: String? = nil, mirrors: Mirrors = Mirrors(), proxy: Proxy? = nil, service: Service = Service(),
        lab: LabSettings = LabSettings()
    ) {
        self.name = name
        self.path = path
        self.kubernetes = kubernetes
        self.runtime = runtime
        self.docker = docker
        self.hosts = hosts
        self.podNetwork = podNetwork
        self.serviceNetwork = serviceNetwork
        self.cni = cni
        self.imageRepository = imageRepository
        self.mirrors = mirrors
        self.proxy = proxy
        self.service = service
        self.lab = lab
    }

    package enum Defaults {
        package static let podNetwork = IPv4Network("10.244.0.0/16")!
        package static let serviceNetwork = IPv4Network("10.96.0.0/12")!
        package static let imageRepository = "registry.k8s.io"
        package static let knownHosts = "~/.ssh/known_hosts"
        /// The login user where the inventory names none.
        package static let user = "root"
    }

    /// What runs containers for the kubelet.
    package enum Runtime: String, Sendable, Hashable, CaseIterable {
        case containerd, docker
    }

    /// Whose packages Docker Engine and containerd come from: `docker` is Docker's own apt repository, `distribution`
    /// is docker.io.
    package enum DockerSource: String, Sendable, Hashable, CaseIterable {
        case docker, distribution
    }

    package var controlPlanes: [Host] { hosts.filter { $0.role == .controlPlane } }

    /// The control plane that `kubeadm init` runs on: the first one of the file.
    package var firstControlPlane: Host { controlPlanes[0] }

    package var workers: [Host] { hosts.filter { $0.role == .worker } }
}
