import ForgeCore

/// The whole file.
struct ClusterSection {
    static let keys = [
        "cluster", "kubernetes", "runtime", "docker", "hosts", "ssh", "podNetwork", "serviceNetwork", "cni",
        "metricsServer", "imageRepository",
        "mirrors", "proxy", "service", "services", "lab",
    ]
    static let dockerKeys = ["source"]

    let path: String
    let paths: LocalPath

    /// The cluster, complete only if nothing was found; nil where the file has no keys.
    func read(_ root: Field) -> Cluster? {
        guard let section = MappingReader(root, keys: Self.keys) else { return nil }
        let name = section.required("cluster", like: "lab")?.read(NameRule.label)
        let version = section.required("kubernetes", like: "1.36.2")?.read(VersionRule.version)
        let networks = NetworksSection(section)
        let ssh = section["ssh"].map { SSHSettings($0, paths: paths) } ?? SSHSettings()
        let hosts = section.required("hosts", like: "[{name: node1, address: 192.168.56.11, role: control-plane}]").map
        {
            HostsSection(ssh: ssh, paths: paths, networks: networks).read($0)
        }
        var cluster = Cluster(
            name: name ?? "", path: path, kubernetes: version ?? VersionRule.oldest, hosts: hosts ?? [])
        cluster.podNetwork = networks.pods
        cluster.serviceNetwork = networks.services
        readRest(of: section, into: &cluster)
        cluster.lab = section["lab"].map { LabSection(hosts: hosts?.map(\.name)).read($0) } ?? cluster.lab
        if let field = section["kubernetes"], let version { checkRepository(of: version, field, section, cluster) }
        return cluster
    }

    /// Before 1.24, Kubernetes' packages were in apt.kubernetes.io, which is gone.
    private func checkRepository(of version: Version, _ field: Field, _ section: MappingReader, _ cluster: Cluster) {
        let isMirrored = section["mirrors"]?.has("apt", "kubernetes") == true
        guard version < VersionRule.oldestPublished, !isMirrored else { return }
        field.fail(
            ValidationError(
                "\(version) is not available from pkgs.k8s.io",
                why: "it has Kubernetes 1.\(VersionRule.oldestPublished.minor) and newer only",
                fix: "use a newer version, or name a mirror that has it: mirrors: apt: kubernetes:"))
    }

    /// What has a default.
    private func readRest(of section: MappingReader, into cluster: inout Cluster) {
        cluster.runtime = section["runtime"]?.choice() ?? cluster.runtime
        cluster.docker = section["docker"].flatMap(dockerSource) ?? cluster.docker
        cluster.cni = section["cni"].flatMap { cni($0, cluster.kubernetes) } ?? cluster.cni
        cluster.metricsServer = section["metricsServer"]?.flag() ?? cluster.metricsServer
        cluster.imageRepository = section["imageRepository"]?.read(ImageRule.repository)
        cluster.mirrors = section["mirrors"].map { MirrorsSection(paths: paths).read($0) } ?? cluster.mirrors
        cluster.proxy = section["proxy"].flatMap { ProxySection().read($0) }
        cluster.services = ServicesSection(paths: paths).read(section) ?? cluster.services
    }

    /// `docker: distribution` or, the same, `docker: {source: distribution}`.
    private func dockerSource(_ field: Field) -> Cluster.DockerSource? {
        guard field.isMapping else { return field.choice() }
        return MappingReader(field, keys: Self.dockerKeys)?.required("source", like: "docker")?.choice()
    }

    private func cni(_ field: Field, _ version: Version) -> Cluster.CNI? {
        guard let cni = field.choice(of: Cluster.CNI.self) else { return nil }
        guard let oldest = cni.oldestKubernetes, version < oldest else { return cni }
        field.fail(
            ValidationError(
                "\(cni.rawValue) needs Kubernetes \(oldest.minorName.dropFirst()) or newer",
                why: "kubernetes: is \(version)",
                fix: "use a newer version, or cni: flannel"))
        return nil
    }
}

/// The machines that `kubeforge lab up` makes.
struct LabSection {
    static let keys = ["distribution", "driver", "profile", "hosts"]
    static let hostKeys = ["distribution", "profile"]

    /// The names under `hosts:`; nil when these could not be read.
    let hosts: [String]?

    func read(_ field: Field) -> LabSettings {
        var settings = LabSettings()
        guard let section = MappingReader(field, keys: Self.keys) else { return settings }
        settings.distribution = section["distribution"]?.choice() ?? settings.distribution
        settings.driver = section["driver"]?.choice() ?? settings.driver
        settings.profile = section["profile"]?.choice() ?? settings.profile
        settings.hosts = section["hosts"].map(machines) ?? [:]
        return settings
    }

    private func machines(_ field: Field) -> [String: LabSettings.Machine] {
        var machines: [String: LabSettings.Machine] = [:]
        for (name, value) in field.entries() ?? [] {
            if let hosts, !hosts.contains(name) {
                value.diagnostics.add(
                    .unknown(name, known: hosts, "there is no host of this name"), about: value.name,
                    at: value.keyLocation)
            }
            machines[name] = machine(value)
        }
        return machines
    }

    private func machine(_ field: Field) -> LabSettings.Machine? {
        MappingReader(field, keys: Self.hostKeys).map {
            LabSettings.Machine(distribution: $0["distribution"]?.choice(), profile: $0["profile"]?.choice())
        }
    }
}

/// The networks of pods and Services, which machines must keep out of.
struct NetworksSection {
    let pods: IPv4Network
    let services: IPv4Network

    init(_ section: MappingReader) {
        let pods = section["podNetwork"].flatMap { $0.placed($0.read(NetworkRule.pods)) }
        let services = section["serviceNetwork"].flatMap { $0.placed($0.read(NetworkRule.services)) }
        self.pods = pods?.value ?? Cluster.Defaults.podNetwork
        self.services = services?.value ?? Cluster.Defaults.serviceNetwork
        guard self.pods.overlaps(self.services) else { return }
        if let services {
            services.field.fail(ValidationError("\(self.services) overlaps with podNetwork \(self.pods)"))
        } else {
            pods?.field.fail(ValidationError("\(self.pods) overlaps with serviceNetwork \(self.services)"))
        }
    }

    /// Traffic to a node whose address lies in one of them would be taken for traffic to a pod or a Service.
    func check(_ address: Located<IPv4Address>) {
        for (name, network) in [("podNetwork", pods), ("serviceNetwork", services)]
        where network.contains(address.value) {
            let fix = "set `\(name):` to a network without machines, or give the machine another address"
            address.field.fail(ValidationError("\(address.value) lies inside \(name) \(network)", fix: fix))
        }
    }

    /// Every node gets a /24 of the pod network.
    func check(roomFor hosts: Int, in field: Field) {
        if hosts > 1 << (24 - pods.prefix) {
            field.fail(
                ValidationError(
                    "podNetwork \(pods) is too small for \(hosts) of them", why: "each node gets a /24 of it"))
        }
    }
}

/// The proxy that the machines and the cluster reach the internet through.
struct ProxySection {
    static let keys = ["http", "https", "noProxy"]

    func read(_ field: Field) -> Proxy? {
        guard let section = MappingReader(field, keys: Self.keys) else { return nil }
        let http = section["http"]?.read(WebAddress.url)
        let https = section["https"]?.read(WebAddress.url)
        if section["http"] == nil, section["https"] == nil {
            field.fail(
                ValidationError("names no proxy", fix: "add a line such as `https: http://proxy.example.org:3128`"))
        }
        let exceptions = section["noProxy"]?.elements()?.compactMap { $0.read(Self.exception) }
        return Proxy(http: http, https: https, exceptions: exceptions ?? [])
    }

    /// A host, `.domain`, an address or a network.
    private static func exception(_ text: String) throws(ValidationError) -> String {
        let name = text.hasPrefix("*.") ? String(text.dropFirst()) : text
        if IPv4Network(name) != nil { return name }
        guard !name.contains(":"), WebAddress.isHost(name.hasPrefix(".") ? String(name.dropFirst()) : name) else {
            throw ValidationError(
                "needs a host, a domain such as .example.org, an address or a network such as 10.0.0.0/8")
        }
        return name
    }
}
