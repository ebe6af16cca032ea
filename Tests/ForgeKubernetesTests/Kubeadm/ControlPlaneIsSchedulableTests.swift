import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeTestSupport
import Testing

@testable import ForgeKubernetes

@Suite("A schedulable control plane")
struct ControlPlaneIsSchedulableTests {
    private let step = ControlPlaneIsSchedulable(host: Example.master)

    @Test("has none of kubeadm's taints")
    func differences() {
        #expect(step.texts(command: "") == [])
        #expect(step.texts(command: "node.kubernetes.io/unreachable") == [])
        #expect(
            step.texts(command: "node-role.kubernetes.io/master node-role.kubernetes.io/control-plane")
                == [
                    "it has the taint node-role.kubernetes.io/master",
                    "it has the taint node-role.kubernetes.io/control-plane",
                ])
        #expect(step.texts(command: "", exitCode: 1) == ["its taints are not known yet"])
    }
}
