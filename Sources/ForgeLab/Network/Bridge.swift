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
    /// this computer's default route while kube-proxy is not up yet, and somebody else answers. The kernel
    /// reports "unreachable" only where it would forward.
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

/// The host's iptables: what keeps everybody but the lab from its servers, and what would keep its machines from each
/// other or from these.
struct Firewall: Sendable {
    /// The time limit of a command that waits for others who change tables, too.
    private static let limit = Duration.seconds(60)

    let network: LabNetwork
    let name: LabName
    let computer: LocalHost
    /// Before each command: a test has tables of its own.
    var place: [Word] = []

    func open() async throws {
        // Bridged frames pass FORWARD when br_netfilter is on, and Docker's or ufw's policy there is to drop.
        for rule in rules where try await isRestrictive(rule[0]) { try await insert(rule) }
        try await computer.finish(
            Command(place + ["iptables-restore", "--wait", "--noflush"]).reading(guardTable).within(Self.limit),
            fix: "see that iptables works on this computer: a lab's servers are kept from everybody but its machines")
        try await insert(guardRule)
    }

    func close() async throws {
        for rule in rules + [guardRule] {
            while try await iptables(["-D"] + rule).isSuccess {}
        }
        for verb in ["-F", "-X"] as [Word] { _ = try await iptables([verb, chain]) }
    }

    /// What makes each of them this lab's: its bridge and a comment.
    var rules: [[Word]] {
        let bridge = Word(network.bridge)
        return [
            ["FORWARD", "-i", bridge, "-o", bridge] + comment + ["-j", "ACCEPT"],
            ["INPUT", "-i", bridge] + comment + ["-j", "ACCEPT"],
        ]
    }

    /// Always there, whatever the chain is like: Linux answers for the bridge's address on any interface, and the
    /// servers ask for no login.
    var guardRule: [Word] { ["INPUT", "-d", Word("\(network.bridgeAddress)")] + comment + ["-j", chain] }

    /// A chain, because one rule cannot name two interfaces. Rebuilt as a whole, so that a killed `up` leaves it
    /// whole or not there.
    var guardTable: String {
        """
        *filter
        :\(network.bridge) - [0:0]
        -A \(network.bridge) -i lo -j RETURN
        -A \(network.bridge) -i \(network.bridge) -j RETURN
        -A \(network.bridge) -j DROP
        COMMIT

        """
    }

    private var chain: Word { Word(network.bridge) }

    private var comment: [Word] { ["-m", "comment", "--comment", Word(name.label)] }

    /// A chain that says nothing but `-P FORWARD ACCEPT` and what labs say keeps nobody out and is left alone.
    private func isRestrictive(_ chain: Word) async throws -> Bool {
        let listed = try await iptables(["-S", chain])
        let others = listed.text.split(separator: "\n").filter {
            !$0.replacing("\"", with: "").contains(" --comment kubeforge.")
        }
        return listed.isSuccess && others != ["-P \(chain.text) ACCEPT"]
    }

    /// Inserts the rule at the chain's beginning, once.
    private func insert(_ rule: [Word]) async throws {
        if try await iptables(["-C"] + rule).isSuccess { return }
        try await computer.finish(command(["-I"] + rule))
    }

    private func iptables(_ words: [Word]) async throws -> Output { try await computer.run(command(words)) }

    private func command(_ words: [Word]) -> Command { Command(place + ["iptables", "-w"] + words).within(Self.limit) }
}
