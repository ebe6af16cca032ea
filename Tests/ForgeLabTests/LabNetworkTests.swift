import ForgeCore
import ForgeInventory
import ForgeTestSupport
import Foundation
import Testing

@testable import ForgeLab

@Suite("A lab's network")
struct LabNetworkTests {
    @Test("is the hosts' /24, with the bridge at its first address")
    func bridgeAddress() throws {
        let network = try LabNetwork(SampleLab.cluster())
        #expect(network.subnet.description == "10.77.0.0/24")
        #expect(network.bridgeAddress.description == "10.77.0.1")
    }

    @Test(
        "names its interfaces after itself, in no more than the kernel's 15 characters",
        arguments: [
            ("10.77.0.11", "kf0a4d00", "kf0a4d00-11"), ("192.168.178.254", "kfc0a8b2", "kfc0a8b2-254"),
            ("1.0.0.2", "kf010000", "kf010000-2"),
        ])
    func names(address: String, bridge: String, vethPair: String) throws {
        let cluster = SampleLab.cluster("lab", [address])
        let network = try LabNetwork(cluster)
        #expect(network.bridge == bridge)
        #expect(network.vethPair(cluster.hosts[0]) == vethPair)
        #expect(network.vethPair(cluster.hosts[0]).count <= 15)
    }

    @Test("has no room for hosts of another network, or at the bridge's address")
    func oddHosts() throws {
        let cluster = SampleLab.cluster("lab", ["10.77.0.11", "10.77.1.12", "10.77.0.1"])
        let problem = try #require(throws: Problem.self) { try LabNetwork(cluster) }
        #expect(
            problem.description == """
                the lab's machines cannot stand on one bridge
                  why  kubnode has 10.77.1.12, kubspare has 10.77.0.1
                  fix  give all hosts addresses from 10.77.0.2 to 10.77.0.254; 10.77.0.1 is the bridge's
                """)
    }

    @Test("is wired by these commands")
    func vethPair() throws {
        let cluster = SampleLab.cluster()
        let vethPair = VethPair(
            network: try LabNetwork(cluster), name: LabName(cluster: "lab"), host: cluster.hosts[0],
            computer: LocalHost())
        #expect(
            vethPair.commands.dropLast().map(\.line) == [
                "ip link add kf0a4d00-11 type veth peer name eth0 netns kubeforge.lab.kubmaster",
                "ip link set kf0a4d00-11 master kf0a4d00 up",
                "ip -n kubeforge.lab.kubmaster link set lo up",
                "ip -n kubeforge.lab.kubmaster address add 10.77.0.11/24 dev eth0",
                "ip -n kubeforge.lab.kubmaster link set eth0 up",
                "ip -n kubeforge.lab.kubmaster route add default via 10.77.0.1",
                "ip -n kubeforge.lab.kubmaster route add unreachable 169.254.0.0/16",
            ])
    }
}

@Suite("A lab's firewall")
struct FirewallTests {
    private let computer = LocalHost()

    @Test("asks for its own bridge and its own address only, and says whose the rules are")
    func rules() throws {
        let firewall = try firewall()
        #expect(
            firewall.rules.map { Command($0).line } == [
                "FORWARD -i kf0a4d00 -o kf0a4d00 -m comment --comment kubeforge.lab -j ACCEPT",
                "INPUT -i kf0a4d00 -m comment --comment kubeforge.lab -j ACCEPT",
            ])
        #expect(Command(firewall.guardRule).line == "INPUT -d 10.77.0.1 -m comment --comment kubeforge.lab -j kf0a4d00")
    }

    @Test(
        """
        lets the lab's machines and this computer at the lab's servers and nobody else, by real packets, and goes \
        without a trace
        """,
        .enabled(if: geteuid() == 0, "only root has network namespaces"))
    func packets() async throws {
        try await during { lab, lan, machine in
            let firewall = try firewall(in: lab)
            let all = [lan, machine, lab]
            // By way of the LAN: what is tried is the firewall.
            #expect(try await heard(from: all, in: lab) == all)
            try await firewall.open()
            #expect(try await heard(from: all, in: lab) == [machine, lab])
            let once = try await saved(lab)
            try await firewall.open()
            #expect(try await saved(lab) == once)
            #expect(!once.contains { $0.hasSuffix(" ACCEPT") }, "the chains let everybody in: \(once)")
            try await firewall.close()
            #expect(try await saved(lab) == [])
            #expect(try await heard(from: all, in: lab) == all)
        }
    }

    @Test(
        "opens chains that drop what they are not told of, and closes them again",
        .enabled(if: geteuid() == 0, "only root has network namespaces"))
    func restrictive() async throws {
        try await during { lab, _, machine in
            let firewall = try firewall(in: lab)
            for words in [
                ["-A", "INPUT", "-i", "lo", "-j", "ACCEPT"], ["-P", "INPUT", "DROP"], ["-P", "FORWARD", "DROP"],
            ] {
                try await computer.finish(
                    Command(["ip", "netns", "exec", Word(lab), "iptables"] + words.map { Word($0) }))
            }
            let before = try await saved(lab)
            #expect(try await heard(from: [machine, lab], in: lab) == [lab])
            try await firewall.open()
            #expect(try await heard(from: [machine, lab], in: lab) == [machine, lab])
            #expect(try await saved(lab).contains { $0.hasPrefix("-A FORWARD -i kf0a4d00 -o kf0a4d00 ") })
            try await firewall.close()
            #expect(try await saved(lab) == before)
        }
    }

    private func firewall(in namespace: String? = nil) throws -> Firewall {
        let place = namespace.map { ["ip", "netns", "exec", Word($0)] as [Word] } ?? []
        return Firewall(
            network: try LabNetwork(SampleLab.cluster()), name: LabName(cluster: "lab"), computer: computer,
            place: place)
    }

    /// The rules of a namespace.
    private func saved(_ namespace: String) async throws -> [String] {
        let rules = try await computer.finish(Command("ip", "netns", "exec", Word(namespace), "iptables", "-S"))
        return rules.split(separator: "\n").map(String.init).filter { !$0.hasSuffix(" ACCEPT") || !$0.hasPrefix("-P") }
    }

    /// Who of them reaches a server on the bridge's address, one packet each. The last one does.
    private func heard(from namespaces: [String], in lab: String) async throws -> [String] {
        let script = """
            import socket, subprocess, sys
            server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            server.bind(("10.77.0.1", 8000))
            server.settimeout(60)
            send = "import socket, sys; socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(sys.argv[1].encode(), \
            ('10.77.0.1', 8000))"
            for namespace in sys.argv[1:]:
                subprocess.run(["ip", "netns", "exec", namespace, "python3", "-c", send, namespace], check=True)
            heard = None
            while heard != sys.argv[-1]:
                heard = server.recv(99).decode()
                print(heard)
            """
        let words = ["ip", "netns", "exec", lab, "python3", "-c", script] + namespaces
        return try await computer.finish(Command(words.map { Word($0) })).split(separator: "\n").map(String.init)
    }

    /// Those of a test process that was killed.
    private func removeForgotten() async throws {
        for line in try await computer.finish(Command("ip", "netns", "list")).split(separator: "\n") {
            guard let found = line.prefixMatch(of: /kfl-([0-9]+)-\S+/), computer.read("/proc/\(found.1)/stat") == nil
            else { continue }
            _ = try await computer.run(Command("ip", "netns", "del", Word(String(found.0))))
        }
    }

    /// Three network namespaces: a computer with a lab's bridge, one on a LAN that routes to it, and a machine on the
    /// bridge.
    private func during(_ body: (_ lab: String, _ lan: String, _ machine: String) async throws -> Void) async throws {
        try await removeForgotten()
        let name = "kfl-\(getpid())-\(UInt32.random(in: 0..<10000))"
        let (lab, lan, machine) = ("\(name)-lab", "\(name)-lan", "\(name)-machine")
        let make = """
            set -e
            for namespace; do ip netns add $namespace; done
            ip -n $1 link set lo up
            ip -n $1 link add kf0a4d00 type bridge
            ip -n $1 address add 10.77.0.1/24 dev kf0a4d00
            ip -n $1 link set kf0a4d00 up
            ip -n $1 link add lan type veth peer name eth0 netns $2
            ip -n $1 address add 192.0.2.1/24 dev lan
            ip -n $1 link set lan up
            ip -n $2 address add 192.0.2.2/24 dev eth0
            ip -n $2 link set eth0 up
            ip -n $2 route add 10.77.0.1 via 192.0.2.1
            ip -n $1 link add cable type veth peer name eth0 netns $3
            ip -n $1 link set cable master kf0a4d00 up
            ip -n $3 address add 10.77.0.11/24 dev eth0
            ip -n $3 link set eth0 up
            """
        let all = [lab, lan, machine]
        let result: Result<Void, any Error>
        do {
            try await computer.finish(Command(["sh", "-c", Word(make), "sh"] + all.map { Word($0) }))
            result = .success(try await body(lab, lan, machine))
        } catch {
            result = .failure(error)
        }
        for namespace in all { _ = try await computer.run(Command("ip", "netns", "del", Word(namespace))) }
        try result.get()
    }
}
