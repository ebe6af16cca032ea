import ForgeCore

/// The switch that a lab's machines hang on, in this computer's own network namespace.
struct Bridge: Sendable {
    /// After the kernel's own rules for local addresses (0), before the main table (32766).
    private static let priority = "7700"

    let network: LabNetwork
    let name: LabName
    let computer: LocalHost

    var exists: Bool { NetworkLink(name: network.bridge, computer: computer).exists }

    /// Two inventories can claim one network; only one of them has the bridge, and says so on it.
    var isOurs: Bool {
        exists
            && computer.read("/sys/class/net/\(network.bridge)/ifalias")?.trimming(while: \.isWhitespace) == name.label
    }

    /// Each part is looked at by itself: a killed `up` may have made some.
    func make() async throws {
        let bridge = network.bridge
        if !exists { try await add() }
        try await computer.finish(
            Command("ip", "address", "replace", "\(network.bridgeAddress)/24", "dev", Word(bridge)))
        try await computer.finish(Command("ip", "link", "set", Word(bridge), "up"))
        try await refuseToForward()
        try await Firewall(network: network, name: name, computer: computer).open()
    }

    /// Under a passing name until it says whose it is: a bridge of the lab's name always has an owner.
    private func add() async throws {
        try await NetworkLink(name: unfinished, computer: computer).remove()
        try await computer.finish(Command("ip", "link", "add", Word(unfinished), "type", "bridge"))
        try await computer.finish(Command("ip", "link", "set", Word(unfinished), "alias", Word(name.label)))
        try await computer.finish(Command("ip", "link", "set", Word(unfinished), "name", Word(network.bridge)))
    }

    private var unfinished: String { "\(network.bridge)-new" }

    func remove() async throws {
        try await Firewall(network: network, name: name, computer: computer).close()
        while try await isRefusing() { try await computer.finish(Command(["ip", "rule", "del"] + rule)) }
        for link in [network.bridge, unfinished] { try await NetworkLink(name: link, computer: computer).remove() }
    }

    /// Machines get "unreachable" for everything but the bridge. Without it a packet to the Service network leaves by
    /// this computer's default route while kube-proxy is not up yet, and somebody else answers. The kernel says
    /// "unreachable" aloud only where it would forward.
    private func refuseToForward() async throws {
        if try await !isRefusing() {
            try await computer.finish(Command(["ip", "rule", "add"] + rule + ["priority", Word(Self.priority)]))
        }
        try computer.write("1", to: "/proc/sys/net/ipv4/conf/\(network.bridge)/forwarding")
    }

    private var rule: [Word] { ["iif", Word(network.bridge), "unreachable"] }

    private func isRefusing() async throws -> Bool {
        let rules = try await computer.finish(Command("ip", "rule", "show"))
        return rules.split(separator: "\n").contains { $0.split(separator: " ").contains(Substring(network.bridge)) }
    }
}
