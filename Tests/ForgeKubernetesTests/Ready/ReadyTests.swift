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
            step.texts(command: "MemoryPressure=False fine\nReady=False runtime network not ready: cni plugin not initialized")
                == ["kubnode is not Ready: runtime network not ready: cni plugin not initialized"])
        #expect(step.texts(command: "", exitCode: 1) == ["kubnode is not Ready: its node is not registered"])
        #expect(step.texts(command: "", exitCode: 124) == ["the API server does not answer kubnode in time"])
    }

    @Test("is asked for with the machine's own credentials")
    func credentials() {
        #expect("\(step.questions)".contains("kubectl --kubeconfig /etc/kubernetes/kubelet.conf"))
        #expect("\(NodeIsReady.step(for: Example.master).questions)".contains("kubectl --kubeconfig /etc/kubernetes/admin.conf"))
    }
}

@Suite("The cluster's own pods")
struct SystemPodsTests {
    private let step = SystemPods.step(for: "flannel")

    private func texts(_ pods: String, nodes: String = "kubmaster=True\nkubnode=True") -> [String] {
        step.texts([step.questions[0]: .command(CommandState(text: pods)), step.questions[1]: .command(CommandState(text: nodes))])
    }

    @Test("run, or say why not")
    func differences() {
        #expect(
            texts(
                "coredns-1|kubmaster|Running|True||ReplicaSet\nkube-flannel-ds-1|kubnode|Running|True|  |DaemonSet\njob-1|kubnode|Succeeded|False||Job"
            ) == [])
        #expect(texts("coredns-1||Pending|||ReplicaSet") == ["coredns-1: waits for a node"])
        #expect(texts("coredns-1|kubnode|Running|False| |ReplicaSet") == ["coredns-1: Running, not ready"])
        #expect(
            texts("kube-proxy-1|kubnode|Running|False|CrashLoopBackOff CrashLoopBackOff |DaemonSet") == ["kube-proxy-1: CrashLoopBackOff"])
        #expect(texts("") == ["no pod is there yet"])
    }

    /// The kubelet says late whether they are ready; a container that does not stay up is seen at once.
    @Test("that are static run when their containers do")
    func staticPods() {
        #expect(texts("etcd-kubmaster|kubmaster|Running|False|  |Node") == [])
        #expect(texts("etcd-kubmaster|kubmaster|Running|False|CrashLoopBackOff  |Node") == ["etcd-kubmaster: CrashLoopBackOff"])
        #expect(texts("etcd-kubmaster|kubmaster|Running|False| Error |Node") == ["etcd-kubmaster: Error"])
        #expect(texts("etcd-kubmaster|kubmaster|Pending|False||Node") == ["etcd-kubmaster: Pending, not ready"])
    }

    @Test("say what their first containers wait for")
    func firstContainers() {
        let pod = "kube-flannel-ds-1|kubnode|Pending|False|"
        #expect(texts(pod + "ImagePullBackOff PodInitializing PodInitializing |DaemonSet") == ["kube-flannel-ds-1: ImagePullBackOff"])
        #expect(texts(pod + " PodInitializing |DaemonSet") == ["kube-flannel-ds-1: PodInitializing"])
    }

    @Test("on nodes that are not Ready count elsewhere")
    func otherNodes() {
        #expect(
            texts(
                "kube-proxy-1|kubnode|Running|False||DaemonSet\netcd|kubmaster|Running|True||Node", nodes: "kubmaster=True\nkubnode=Unknown"
            ) == [])
    }
}

@Suite("A manifest")
struct ManifestTests {
    private let step = Manifest("flannel is applied", path: "/var/lib/kubeforge/flannel.yaml")

    @Test("is so when the API server sees no difference")
    func differences() {
        #expect(step.texts(command: "", exitCode: 0) == [])
        #expect(step.texts(command: "", exitCode: 1) == ["the cluster differs from /var/lib/kubeforge/flannel.yaml"])
        #expect(step.texts(command: "", exitCode: 2).count == 1)
    }

    @Test("is applied as the administrator")
    func apply() async throws {
        let (machine, transport) = Example.machine(Example.master)
        try await step.apply(to: machine)
        #expect(await transport.changes == ["kubectl --kubeconfig /etc/kubernetes/admin.conf apply -f /var/lib/kubeforge/flannel.yaml"])
    }

    @Test("of flannel carries the cluster's pod network, and nothing else of it")
    func flannel() throws {
        let cluster = Example.cluster { $0.podNetwork = IPv4Network("172.30.0.0/16")! }
        let steps = try CNI.named("flannel").steps(cluster, Example.templates)
        let file = try #require(steps.first as? FileIs).file
        #expect(file.path == "/var/lib/kubeforge/flannel.yaml")
        let text = String(decoding: file.content, as: UTF8.self)
        #expect(text.contains("\"Network\": \"172.30.0.0/16\""))
        #expect(text.contains("--iface=$(NODE_ADDRESS)"))
        #expect(!text.contains("{{"))
        #expect(!text.contains("10.244"))
    }
}
