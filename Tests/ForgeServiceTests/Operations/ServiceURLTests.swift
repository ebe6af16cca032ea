import ForgeCore
import ForgeInventory
import ForgePlan
import Testing

@testable import ForgeCLI

@Suite("Where the service answers")
struct ServiceURLTests {
    @Test(
        "is the address that this computer reaches the control plane at", arguments: [nil, "203.0.113.11", "127.0.0.1"])
    func outer(way: String?) async throws {
        var cluster = Cluster.lab
        cluster.hosts[0].access.address = way
        let fleet = await Fleet.connect(cluster.hosts, width: 2) { _ in
            FakeTransport { _ in Output(standardOutput: Array("30080".utf8)) }
        }
        let url = await ServiceURL(cluster).ask(fleet)
        #expect(url == "http://\(way == "203.0.113.11" ? "203.0.113.11" : "10.77.0.11"):30080")
    }
}
