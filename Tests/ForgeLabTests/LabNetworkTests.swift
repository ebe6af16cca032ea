import ForgeCore
import ForgeInventory
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
