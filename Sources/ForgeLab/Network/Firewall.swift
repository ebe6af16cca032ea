import ForgeCore

/// The host's iptables, where they would keep the lab's machines from each other or from the lab's servers.
struct Firewall: Sendable {
    let network: LabNetwork
    let name: LabName
    let computer: ThisComputer

    /// Bridged frames pass FORWARD when br_netfilter is on, and Docker's or ufw's policy there is to drop.
    func open() async throws {
        for rule in rules where try await isRestrictive(rule[0]) {
            let rest = Array(rule.dropFirst())
            if try await !computer.run(Command(["iptables", "-w", "-C", rule[0]] + rest)).isSuccess {
                try await computer.finish(Command(["iptables", "-w", "-I", rule[0]] + rest))
            }
        }
    }

    func close() async throws {
        for rule in rules {
            while try await computer.run(Command(["iptables", "-w", "-D"] + rule)).isSuccess {}
        }
    }

    /// What makes each of them this lab's: its bridge and a comment.
    var rules: [[Word]] {
        let bridge = Word(network.bridge)
        let comment: [Word] = ["-m", "comment", "--comment", Word(name.label), "-j", "ACCEPT"]
        return [["FORWARD", "-i", bridge, "-o", bridge] + comment, ["INPUT", "-i", bridge] + comment]
    }

    /// A chain that only says `-P FORWARD ACCEPT` keeps nobody out and is left alone.
    private func isRestrictive(_ chain: Word) async throws -> Bool {
        let listed = try await computer.run(Command("iptables", "-w", "-S", chain))
        return listed.isSuccess && listed.text.trimming(while: \.isWhitespace) != "-P \(chain.text) ACCEPT"
    }
}
