import ForgeCore
import ForgeInventory

/// Where a lab's machines and servers are: one bridge with the first address of the hosts' /24.
struct LabNetwork: Sendable, Hashable {
    let subnet: IPv4Network

    /// A `Problem` names the hosts that cannot stand on one bridge.
    init(_ cluster: Cluster) throws(Problem) {
        let subnet = IPv4Network(containing: cluster.hosts[0].address, prefix: 24)
        let odd = cluster.hosts.filter { !subnet.contains($0.address) || [0, 1, 255].contains($0.address.bits & 255) }
        guard odd.isEmpty else {
            throw Problem(
                .invalidInventory, what: "the lab's machines cannot stand on one bridge",
                why: odd.map { "\($0.name) has \($0.address)" }.joined(separator: ", "),
                fix:
                    """
                    give all hosts addresses from \(subnet.address(2)) to \(subnet.address(254)); \(subnet.address(1)) \
                    is the bridge's
                    """
            )
        }
        self.subnet = subnet
    }

    /// The bridge's own address, where the lab's servers listen.
    var bridgeAddress: IPv4Address { subnet.address(1) }

    /// `kf` and the network's first three bytes in hexadecimal: 10.77.0.0 is kf0a4d00. The kernel takes 15 characters
    /// at most.
    var bridge: String {
        let digits = String(subnet.base.bits >> 8, radix: 16)
        return "kf" + String(repeating: "0", count: 6 - digits.count) + digits
    }

    /// The host's end of a machine's cable.
    func vethPair(_ host: Host) -> String { "\(bridge)-\(host.address.bits & 255)" }
}
