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

/// A machine's network namespace and the cable from it to the bridge. Cutting it is the way to a network fault.
struct VethPair: Sendable {
    let network: LabNetwork
    let name: LabName
    let host: Host
    let computer: LocalHost

    var namespace: String { name.of(host.name) }

    var namespacePath: String { "/run/netns/\(namespace)" }

    /// Makes it from nothing: whatever half of it a killed `up` left is removed first.
    func lay() async throws {
        try await remove()
        try await computer.finish(Command("ip", "netns", "add", Word(namespace)))
        for command in commands { try await computer.finish(command) }
    }

    /// Like a machine fresh from the factory, which neither forwards nor filters bridged frames; a new namespace copies
    /// this computer's settings.
    var commands: [Command] {
        let inside: [Word] = ["ip", "-n", Word(namespace)]
        let end = Word(network.vethPair(host))
        return [
            Command("ip", "link", "add", end, "type", "veth", "peer", "name", "eth0", "netns", Word(namespace)),
            Command("ip", "link", "set", end, "master", Word(network.bridge), "up"),
            Command(inside + ["link", "set", "lo", "up"]),
            Command(inside + ["address", "add", "\(host.address)/24", "dev", "eth0"]),
            Command(inside + ["link", "set", "eth0", "up"]),
            Command(inside + ["route", "add", "default", "via", "\(network.bridgeAddress)"]),
            // No cloud's metadata service is here; kubelets that look for one hear so at once instead of after 5 s.
            Command(inside + ["route", "add", "unreachable", "169.254.0.0/16"]),
            Command(
                "ip", "netns", "exec", Word(namespace), "sh", "-c",
                """
                cd /proc/sys/net; echo 0 > ipv4/ip_forward
                for key in bridge/bridge-nf-call-iptables bridge/bridge-nf-call-ip6tables; do [ ! -e $key ] || echo 0 \
                > $key; done
                """),
        ]
    }

    /// The host's ends of all that hangs on the lab's bridge, those of hosts that are no longer in the inventory, too.
    static func links(of network: LabNetwork, _ computer: LocalHost) -> [NetworkLink] {
        computer.names(in: "/sys/class/net").filter { name in
            name.hasPrefix(network.bridge + "-") && UInt8(name.dropFirst(network.bridge.count + 1)) != nil
        }.map { NetworkLink(name: $0, computer: computer) }
    }

    func remove() async throws {
        try await NetworkLink(name: network.vethPair(host), computer: computer).remove()
        try await NetworkNamespace.remove(namespace, computer)
    }
}

/// A named network namespace is a file with a mount on it, and each can be there without the other.
enum NetworkNamespace {
    static let directory = "/run/netns"

    static func remove(_ name: String, _ computer: LocalHost) async throws {
        let path = "\(directory)/\(name)"
        guard computer.exists(path) else { return }
        // Lazily, as `ip netns` does it: whoever still has it open keeps a namespace without a name.
        while try await computer.run(Command("umount", "--lazy", Word(path))).isSuccess {}
        try computer.remove(path)
    }

    /// All of the lab's, including those of hosts that are no longer in the inventory.
    static func names(_ lab: LabName, _ computer: LocalHost) -> [String] {
        computer.names(in: directory).filter { $0.hasPrefix(lab.prefix) }
    }

    /// `ip netns add` mounts the directory onto itself; the last lab to go takes the mount away.
    static func removeDirectoryIfEmpty(_ computer: LocalHost) async throws {
        guard computer.exists(directory), computer.names(in: directory).isEmpty else { return }
        _ = try await computer.run(Command("umount", Word(directory)))
    }
}

/// An interface of this computer's own network namespace.
struct NetworkLink: Sendable {
    let name: String
    let computer: LocalHost

    var exists: Bool { computer.exists("/sys/class/net/\(name)") }

    /// A cable also goes by itself, a moment after the namespace at its other end.
    func remove() async throws {
        guard exists else { return }
        let removal = try await computer.run(Command("ip", "link", "del", Word(name)))
        guard removal.isSuccess || !exists else {
            throw Problem(what: "the interface \(name) cannot be removed", why: removal.lastLine)
        }
    }
}
