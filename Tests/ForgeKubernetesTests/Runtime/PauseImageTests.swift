import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeTestSupport
import Testing

@testable import ForgeKubernetes

@Suite("The sandbox image")
struct PauseImageTests {
    @Test(
        "is the one that the release's kubeadm names",
        arguments: [
            ("1.19.16", "3.2"), ("1.20.2", "3.2"), ("1.21.14", "3.4.1"), ("1.22.17", "3.5"), ("1.23.17", "3.6"), ("1.24.17", "3.7"),
            ("1.25.16", "3.8"),
            ("1.26.15", "3.9"), ("1.30.14", "3.9"), ("1.31.14", "3.10"), ("1.33.1", "3.10"), ("1.34.0", "3.10.1"), ("1.37.0", "3.10.1"),
        ])
    func tag(version: String, tag: String) {
        #expect(PauseImage.reference(for: Example.cluster(version)) == "registry.k8s.io/pause:\(tag)")
    }

    @Test("comes from the inventory's repository")
    func repository() {
        #expect(PauseImage.reference(for: Example.cluster { $0.imageRepository = "mirror.example/k8s" }) == "mirror.example/k8s/pause:3.2")
    }
}
