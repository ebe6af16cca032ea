import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeTestSupport
import Testing

@testable import ForgeKubernetes

@Suite("The runtime's socket")
struct RuntimeSocketTests {
    @Test(
        "is the one that the release's kubelet takes",
        arguments: [
            ("1.20.2", Cluster.Runtime.containerd, "/run/containerd/containerd.sock"),
            ("1.23.17", .containerd, "/run/containerd/containerd.sock"),
            ("1.24.17", .containerd, "unix:///run/containerd/containerd.sock"),
            ("1.20.2", .docker, "/var/run/dockershim.sock"),
            ("1.24.0", .docker, "unix:///var/run/cri-dockerd.sock"),
            ("1.37.0", .docker, "unix:///var/run/cri-dockerd.sock"),
        ])
    func path(version: String, runtime: Cluster.Runtime, expected: String) {
        #expect(RuntimeSocket.path(for: Example.cluster(version) { $0.runtime = runtime }) == expected)
    }
}
