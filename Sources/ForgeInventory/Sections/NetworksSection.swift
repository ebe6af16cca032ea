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
