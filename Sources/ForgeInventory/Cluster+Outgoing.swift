import ForgeCore

extension Cluster {
    /// How this cluster's machines and pods reach the world: nil, directly; else the proxy with all exceptions: this
    /// machine, the machines, Services and pods, the mirrors and the registry of one's own, and those of the inventory.
    package var outgoing: Proxy? {
        guard var proxy else { return nil }
        let own = ["localhost", "127.0.0.1", ".svc", ".cluster.local", "\(podNetwork)", "\(serviceNetwork)"]
        let machines = hosts.flatMap { ["\($0.address)", $0.name] }
        proxy.exceptions = Self.uniqued(own + machines + mirrorHosts + proxy.exceptions)
        return proxy
    }

    private var mirrorHosts: [String] {
        let repositories = [
            mirrors.docker?.url, mirrors.kubernetes?.url, mirrors.debian?.url, mirrors.python, mirrors.criDockerd?.url,
        ]
        let addresses =
            repositories.compactMap { $0 } + mirrors.registries.values.sorted()
            + [service.registry, imageRepository].compactMap { $0 }
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
