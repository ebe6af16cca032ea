import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeTestSupport
import Testing

@testable import ForgeKubernetes

@Suite("A manifest")
struct ManifestTests {
    private let step = Manifest("flannel is applied", path: "/var/lib/kubeforge/flannel.yaml")

    @Test("is so when the API server sees no difference")
    func differences() {
        #expect(step.texts(command: "", exitCode: 0) == [])
        #expect(step.texts(command: "", exitCode: 1) == ["the cluster differs from /var/lib/kubeforge/flannel.yaml"])
        let unknown = "the cluster could not be compared with /var/lib/kubeforge/flannel.yaml: kubectl diff"
        #expect(step.texts(command: "", exitCode: 124) == ["\(unknown) took too long"])
        #expect(step.texts(command: "", exitCode: 2) == ["\(unknown) failed"])
        #expect(step.texts(command: "", exitCode: 2).count == 1)
    }

    @Test("is applied as the administrator")
    func apply() async throws {
        let (machine, transport) = Example.machine(Example.master)
        try await step.apply(to: machine)
        #expect(
            await transport.changes == [
                "kubectl --kubeconfig /etc/kubernetes/admin.conf apply -f /var/lib/kubeforge/flannel.yaml"
            ])
    }

    @Test("of flannel carries the cluster's pod network, and nothing else of it")
    func flannel() throws {
        let cluster = Example.cluster { $0.podNetwork = IPv4Network("172.30.0.0/16")! }
        let file = try #require(Example.cni(cluster).steps.first as? FileIs).file
        #expect(file.path == "/var/lib/kubeforge/flannel.yaml")
        let text = String(decoding: file.content, as: UTF8.self)
        #expect(text.contains("\"Network\": \"172.30.0.0/16\""))
        #expect(text.contains("--iface=$(NODE_ADDRESS)"))
        #expect(!text.contains("{{"))
        #expect(!text.contains("10.244"))
    }
}
