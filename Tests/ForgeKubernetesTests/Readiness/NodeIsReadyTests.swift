import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeTestSupport
import Testing

@testable import ForgeKubernetes

@Suite("A node")
struct NodeIsReadyTests {
    private let step = NodeIsReady.step(for: Example.node)

    @Test("is Ready, or says why not")
    func differences() {
        #expect(step.title == "node kubnode is Ready")
        #expect(step.texts(command: "MemoryPressure=False fine\nReady=True kubelet is posting ready status") == [])
        #expect(
            step.texts(
                command: "MemoryPressure=False fine\nReady=False runtime network not ready: cni plugin not initialized")
                == ["kubnode is not Ready: runtime network not ready: cni plugin not initialized"])
        #expect(step.texts(command: "", exitCode: 1) == ["kubnode is not Ready: its node is not registered"])
        #expect(step.texts(command: "", exitCode: 124) == ["the API server does not answer kubnode in time"])
    }

    @Test("under pressure takes no pods, though it is Ready")
    func pressure() {
        #expect(
            step.texts(
                command: "MemoryPressure=False fine\nDiskPressure=True kubelet has disk pressure\nReady=True fine")
                == ["kubnode has DiskPressure, and takes no pods: kubelet has disk pressure"])
        #expect(step.texts(command: "DiskPressure=Unknown\nReady=True fine") == [])
    }

    @Test("is asked for with the machine's own credentials")
    func credentials() {
        #expect("\(step.questions)".contains("kubectl --kubeconfig /etc/kubernetes/kubelet.conf"))
        #expect(
            "\(NodeIsReady.step(for: Example.master).questions)".contains(
                "kubectl --kubeconfig /etc/kubernetes/admin.conf"))
    }
}
