import ForgeCore

/// A machine's network namespace and the cable from it to the bridge. Cutting it is the way to a network fault.
struct VethPair: Sendable {
    let network: LabNetwork
    let name: LabName
    let host: Host
    let computer: LocalHost

    var namespace: String { name.of(host.name) }

    var namespacePath: String { "/run/netns/\(namespace)" }

    /// From nothing: whatever half of it a killed `up` left is taken away first.
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
