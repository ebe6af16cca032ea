import ForgeCore

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
