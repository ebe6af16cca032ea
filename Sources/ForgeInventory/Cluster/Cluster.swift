import ForgeCore

/// A validated inventory: everything that kubeforge knows before it has met a machine.
package struct Cluster: Sendable, Hashable {
    /// Lower-case letters, digits and dashes: the kubeconfig context and kubeadm's clusterName.
    package var name: String
    /// The file it came from, as the user named it; empty when it was made in a test.
    package var path: String
    /// From 1.20 to 1.37; every host gets it.
    package var kubernetes: Version
    /// The same on every host.
    package var runtime: Runtime
    /// Read for both runtimes: containerd comes with Docker's packages, too.
    package var docker: DockerSource
    /// In the order of the file, with one control plane among them; names and addresses are each host's own.
    package var hosts: [Host]
    /// Each node gets a /24 of it. It contains no host, and does not overlap `serviceNetwork`.
    package var podNetwork: IPv4Network
    /// From /12 to /28; it contains no host.
    package var serviceNetwork: IPv4Network
    /// `flannel` where the inventory does not say.
    package var cni: CNI
    /// Whether `provision` brings metrics-server.
    package var metricsServer: Bool
    /// Where kubeadm's images come from, and that of metrics-server; nil means `registry.k8s.io`.
    package var imageRepository: String?
    /// Empty where everything comes from the public places.
    package var mirrors: Mirrors
    /// The proxy as the inventory has it; `outgoing` adds what can only be reached without it.
    package var proxy: Proxy?
    /// What `kubeforge deploy` makes, in the order of the file and never empty; `provision` needs them only for their
    /// registries.
    package var services: [Service]
    /// Read by `kubeforge lab` alone.
    package var lab: LabSettings

    package init(
        name: String, path: String = "", kubernetes: Version, runtime: Runtime = .containerd,
        docker: DockerSource = .docker, hosts: [Host],
        podNetwork: IPv4Network = Defaults.podNetwork, serviceNetwork: IPv4Network = Defaults.serviceNetwork,
        cni: CNI = .flannel, metricsServer: Bool = false,
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
        self.metricsServer = metricsServer
        self.imageRepository = imageRepository
        self.mirrors = mirrors
        self.proxy = proxy
        services = [service]
        self.lab = lab
    }

    /// What stands for keys that the inventory leaves out.
    package enum Defaults {
        /// What flannel's own manifest has, too.
        package static let podNetwork = IPv4Network("10.244.0.0/16")!
        /// kubeadm's own default.
        package static let serviceNetwork = IPv4Network("10.96.0.0/12")!
        /// Where kubeadm pulls the images of Kubernetes itself from.
        package static let imageRepository = "registry.k8s.io"
        /// With `~` for the home directory of whoever runs kubeforge.
        package static let knownHosts = "~/.ssh/known_hosts"
        /// The login user where the inventory names none.
        package static let user = "root"
    }

    /// What runs containers for the kubelet.
    package enum Runtime: String, Sendable, Hashable, CaseIterable {
        case containerd, docker
    }

    /// What connects the pods of different nodes.
    package enum CNI: String, Sendable, Hashable, CaseIterable {
        case flannel, calico

        /// What must be open between the machines for its VXLAN.
        package var port: String {
            switch self {
            case .flannel: "8472/udp"
            case .calico: "4789/udp"
            }
        }

        /// The oldest Kubernetes that its release is made for; nil where any will do.
        package var oldestKubernetes: Version? {
            switch self {
            case .flannel: nil
            case .calico: Version("1.32.0")
            }
        }
    }

    /// Whose packages Docker Engine and containerd come from: `docker` is Docker's own apt repository, `distribution`
    /// is docker.io.
    package enum DockerSource: String, Sendable, Hashable, CaseIterable {
        case docker, distribution
    }

    /// The one at work: the first, and the only one of what `only` gives.
    package var service: Service {
        get { services[0] }
        set { services[0] = newValue }
    }

    /// The same cluster with this service alone.
    package func only(_ service: Service) -> Cluster {
        var cluster = self
        cluster.services = [service]
        return cluster
    }

    /// In the order of the file.
    package var controlPlanes: [Host] { hosts.filter { $0.role == .controlPlane } }

    /// The control plane that `kubeadm init` runs on: the first one of the file.
    package var firstControlPlane: Host { controlPlanes[0] }

    /// In the order of the file; empty where the control plane is the only host.
    package var workers: [Host] { hosts.filter { $0.role == .worker } }
}

extension Cluster {
    /// How this cluster's machines and pods reach the world: nil, directly; else the proxy with all exceptions: this
    /// machine, the machines, Services and pods, the mirrors and registries that only the machines' own network can
    /// know, and those of the inventory.
    package var outgoing: Proxy? {
        guard var proxy else { return nil }
        let own = ["localhost", "127.0.0.1", ".svc", ".cluster.local", "\(podNetwork)", "\(serviceNetwork)"]
        let machines = hosts.flatMap { ["\($0.address)", $0.name] }
        proxy.exceptions = Self.uniqued(own + machines + sources.filter(Self.isInside) + proxy.exceptions)
        return proxy
    }

    /// An address, a name without a dot, or one below a domain that the internet does not have (RFC 6762, RFC 8375,
    /// ICANN's resolution 2024.07.29.06). What has any other name may lie on either side, and `noProxy:` says so.
    private static func isInside(_ host: String) -> Bool {
        IPv4Address(host) != nil || !host.contains(".")
            || [".local", ".localhost", ".internal", ".home.arpa", ".svc"].contains(where: host.lowercased().hasSuffix)
    }

    /// The hosts that packages, images and wheels come from instead of the public ones.
    private var sources: [String] {
        let repositories = [
            mirrors.docker?.url, mirrors.kubernetes?.url, mirrors.debian?.url, mirrors.python, mirrors.criDockerd?.url,
        ]
        let addresses =
            repositories.compactMap { $0 } + mirrors.registries.values.sorted()
            + (services.map(\.registry) + [imageRepository]).compactMap { $0 }
        return addresses.map(Self.host)
    }

    /// Without scheme, port and path; programs compare names without the port.
    private static func host(_ address: String) -> String {
        let rest = address.firstRange(of: "://").map { address[$0.upperBound...] } ?? address[...]
        return String(rest.prefix { $0 != "/" && $0 != ":" })
    }

    private static func uniqued(_ names: [String]) -> [String] {
        var seen: Set<String> = []
        return names.filter { seen.insert($0).inserted }
    }
}

/// A Kubernetes version of three numbers, such as 1.36.2.
package struct Version: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// Always 1 so far.
    package let major: Int
    /// What the rules of a version go by: see `isAtLeast`.
    package let minor: Int
    /// 0 for the first release of a minor.
    package let patch: Int

    package init(_ major: Int, _ minor: Int, _ patch: Int) {
        self.major = major
        self.minor = minor
        self.patch = patch
    }

    /// Exactly `X.Y.Z`, without a `v` and without leading zeros; nil for anything else.
    package init?(_ text: String) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        let numbers = parts.compactMap { part in Int(part).flatMap { $0 >= 0 && String($0) == part ? $0 : nil } }
        guard parts.count == 3, numbers.count == 3 else { return nil }
        self.init(numbers[0], numbers[1], numbers[2])
    }

    /// Without a `v`, as packages and the inventory have it: `1.36.2`.
    package var description: String { "\(major).\(minor).\(patch)" }

    /// The minor release as repositories and images name it: `v1.36`.
    package var minorName: String { "v\(major).\(minor)" }

    /// Whether it is of this minor release or a later one.
    package func isAtLeast(_ major: Int, _ minor: Int) -> Bool { (self.major, self.minor) >= (major, minor) }

    /// By numbers, so that 1.9.0 comes before 1.10.0.
    package static func < (left: Self, right: Self) -> Bool {
        (left.major, left.minor, left.patch) < (right.major, right.minor, right.patch)
    }
}
