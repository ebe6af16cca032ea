import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeTestSupport
import Testing

@testable import ForgeService

@Suite("Where the service answers")
struct ServiceURLTests {
    @Test(
        "is the address that this computer reaches the control plane at", arguments: [nil, "203.0.113.11", "127.0.0.1"])
    func outer(way: String?) async throws {
        var cluster = Example.cluster()
        cluster.hosts[0].access.address = way
        let host = ScriptedTransport {
            $0.line.hasSuffix("get service inference --output 'jsonpath={.spec.ports[0].nodePort}'")
                ? Output("30080") : nil
        }
        let fleet = await Fleet.connect(cluster.hosts, width: 2) { _ in host }
        let url = await ServiceURL(cluster).ask(fleet)
        #expect(url == "http://\(way == "203.0.113.11" ? "203.0.113.11" : "10.77.0.11"):30080")
    }

    @Test("is told of a node port alone", arguments: [ForgeInventory.Service.Exposure.loadBalancer, .clusterIP])
    func unknown(expose: ForgeInventory.Service.Exposure) async throws {
        let cluster = Example.cluster(service: Service(expose: expose))
        let host = ScriptedTransport { _ in Output("30080") }
        let fleet = await Fleet.connect(cluster.hosts, width: 2) { _ in host }
        let url = await ServiceURL(cluster).ask(fleet)
        #expect(url == nil)
        #expect(await host.commands.isEmpty)
    }
}
