import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeTestSupport
import Foundation
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

@Suite("The cluster's own pods")
struct SystemPodsTests {
    private let step = SystemPods.step(for: Example.cni())

    private func answers(_ pods: String, nodes: String) -> [Question: Answer] {
        [step.questions[0]: .command(CommandState(text: pods)), step.questions[1]: .command(CommandState(text: nodes))]
    }

    private func texts(_ pods: String, nodes: String = "kubmaster=True=\nkubnode=True=") -> [String] {
        step.texts(answers(pods, nodes: nodes))
    }

    @Test("run, or say why not")
    func differences() {
        #expect(
            texts(
                """
                coredns-1|kubmaster|Running|True||ReplicaSet|coredns-5\nkube-flannel-ds-1|kubnode|Running|True|  \
                |DaemonSet|kube-flannel-ds
                """
            ) == [])
        #expect(texts("coredns-1||Pending|||ReplicaSet|coredns-5") == ["coredns-1: waiting to be scheduled"])
        #expect(texts("coredns-1|kubnode|Running|False| |ReplicaSet|coredns-5") == ["coredns-1: Running, not ready"])
        #expect(
            texts("kube-proxy-1|kubnode|Running|False|CrashLoopBackOff CrashLoopBackOff |DaemonSet|kube-proxy") == [
                "kube-proxy-1: CrashLoopBackOff"
            ])
        #expect(texts("") == ["there are no pods yet"])
    }

    @Test("that have failed and are replaced, as after a reboot, are not waited for")
    func replaced() {
        let failed = "coredns-1|kubmaster|Failed|False| |ReplicaSet|coredns-5"
        #expect(texts(failed + "\ncoredns-2|kubmaster|Running|True||ReplicaSet|coredns-5") == [])
        #expect(
            texts(failed + "\ncoredns-2|kubmaster|Pending|False| |ReplicaSet|coredns-5") == [
                "coredns-2: Pending, not ready"
            ])
        #expect(
            texts(failed + "\ncoredns-2|kubmaster|Failed|False| |ReplicaSet|coredns-5") == [
                "coredns-1: Failed, not ready", "coredns-2: Failed, not ready",
            ])
        #expect(
            texts(
                """
                etcd-kubmaster|kubmaster|Failed|False| |Node|kubmaster\nkube-scheduler-kubmaster|kubmaster|Running|\
                True||Node|kubmaster
                """) == ["etcd-kubmaster: Failed, not ready"])
    }

    /// The kubelet says late whether they are ready; a container that does not stay up is seen at once.
    @Test("that are static run when their containers do")
    func staticPods() {
        let end = "|Node|kubmaster"
        #expect(texts("etcd-kubmaster|kubmaster|Running|False|  " + end) == [])
        #expect(
            texts("etcd-kubmaster|kubmaster|Running|False|CrashLoopBackOff  " + end) == [
                "etcd-kubmaster: CrashLoopBackOff"
            ])
        #expect(texts("etcd-kubmaster|kubmaster|Running|False| Error " + end) == ["etcd-kubmaster: Error"])
        #expect(texts("etcd-kubmaster|kubmaster|Pending|False|" + end) == ["etcd-kubmaster: Pending, not ready"])
    }

    @Test("say what their first containers wait for")
    func firstContainers() {
        let (pod, end) = ("kube-flannel-ds-1|kubnode|Pending|False|", "|DaemonSet|kube-flannel-ds")
        #expect(
            texts(pod + "ImagePullBackOff PodInitializing PodInitializing " + end) == [
                "kube-flannel-ds-1: ImagePullBackOff"
            ])
        #expect(texts(pod + " PodInitializing " + end) == ["kube-flannel-ds-1: PodInitializing"])
    }

    @Test("on nodes that are not Ready count elsewhere")
    func otherNodes() {
        #expect(
            texts(
                """
                kube-proxy-1|kubnode|Running|False||DaemonSet|kube-proxy\netcd-kubmaster|kubmaster|Running|True||Node|\
                kubmaster
                """,
                nodes: "kubmaster=True=\nkubnode=Unknown=node.kubernetes.io/unreachable "
            ) == [])
    }

    @Test("are those of kubeadm and of the pod network: others are told, and never waited for")
    func foreign() {
        let own = "etcd-kubmaster|kubmaster|Running|True||Node|kubmaster\n"
        let foreign = [
            "x|kubnode|Pending|False|StartError ||", "y-1|kubnode|Pending|False|ImagePullBackOff |ReplicaSet|y-5",
            "z-1||Pending|||DaemonSet|node-exporter",
            "kube-vip-kubmaster|kubmaster|Running|False|CrashLoopBackOff |Node|kubmaster",
            "coredns||Pending|||ReplicaSet|other", "fine|kubnode|Running|True||Job|fine",
            "done|kubnode|Succeeded|False| Completed |Job|done",
        ]
        let answers = answers(own + foreign.joined(separator: "\n"), nodes: "kubmaster=True=\nkubnode=True=")
        #expect(step.texts(answers) == [])
        #expect(
            step.notes(given: Answers(answers), on: Example.master) == [
                "the pod x in kube-system is not the cluster's own, and not waited for: StartError",
                "the pod y-1 in kube-system is not the cluster's own, and not waited for: ImagePullBackOff",
                "the pod z-1 in kube-system is not the cluster's own, and not waited for: waiting to be scheduled",
                """
                the pod kube-vip-kubmaster in kube-system is not the cluster's own, and not waited for: CrashLoopBackOff
                """,
                "the pod coredns in kube-system is not the cluster's own, and not waited for: waiting to be scheduled",
            ])
        #expect(texts(foreign[0]) == ["there are no pods yet"])
    }

    private static let loop = """
        [FATAL] plugin/loop: Loop (127.0.0.1:55953 -> :53) detected for zone ".", see \
        https://coredns.io/plugins/loop#troubleshooting. Query: "HINFO 4547991504243258144.3688648895315093531."
        """
    /// A line may be as long as a program likes.
    private static let line = loop + String(repeating: " again", count: 60)
    private static let told = line.prefix(400)

    @Test("that crash are told with the last line of their log, which names the cause", arguments: ["dash", "bash"])
    func crash(shell: String) async throws {
        try await TemporaryDirectory.during { directory in
            let pods =
                "coredns-1|kubmaster|Running|False|CrashLoopBackOff  |ReplicaSet|coredns-5\n"
                + "kube-proxy-1|kubnode|Running|True||DaemonSet|kube-proxy\ncoredns-2||Pending|||ReplicaSet|coredns-5"
            try directory.write("pods", pods)
            try directory.write("log", Self.line + "\n")
            try directory.write("admin.conf", "")
            try directory.write(
                "kubectl",
                """
                #!/bin/sh
                echo "$*" >> \(directory.path)/calls
                case "$*" in
                *" kube-flannel get "*) ;;
                *" get pods "*) cat \(directory.path)/pods;;
                *" get nodes "*) echo kubmaster=True=; echo kubnode=True=;;
                *" get pod coredns-1 "*) printf 'first=0=true coredns=7=false sidecar=2=true ';;
                *" logs coredns-1 -c coredns --previous --tail=1") cat \(directory.path)/log;;
                *) echo "error: $*" >&2; exit 1;;
                esac
                """, mode: 0o755)
            let transport = ReplacedPaths(
                [HostKubectl.adminConfig: directory.path("admin.conf")],
                on: LocalTransport(shell: shell, programs: directory.path))
            let machine = Machine(host: Example.master, transport: transport)
            let wait = try #require(step as? WaitUntil)
            let reason = await wait.reason(on: machine)
            #expect(reason == "the log of coredns-1 ends with: \(Self.told)")
            let problem = wait.timeOut(
                given: Answers(answers(pods, nodes: "kubmaster=True=\nkubnode=True=")), on: Example.master, reason)
            #expect(
                problem.description == """
                    kubmaster: timed out after 300 s waiting until the cluster's own pods run
                      why  coredns-1: CrashLoopBackOff
                           coredns-2: waiting to be scheduled
                           the log of coredns-1 ends with: \(Self.told)
                      fix  CoreDNS asks the name servers of its node, and finds itself: `resolvConf` in \
                    /var/lib/kubelet/config.yaml of that node names their file, and it must have others than those of \
                    127.0.0.0/8 and ::1; then `sudo systemctl restart kubelet` there, and `kubectl -n kube-system \
                    delete pod NAME`
                    """)
            let calls = try directory.text("calls").split(separator: "\n").filter { $0.contains(" logs ") }
            #expect(calls.count == 1, "\(calls)")
        }
    }

    @Test("that crash for another reason, or say nothing, are told as before")
    func otherCrash() async throws {
        let wait = try #require(step as? WaitUntil)
        let last = Answers(
            answers(
                "coredns-1|kubmaster|Running|False|CrashLoopBackOff |ReplicaSet|coredns-5",
                nodes: "kubmaster=True=\nkubnode=True="))
        let fix = "`kubectl -n kube-system describe pod NAME` tells more"
        #expect(wait.timeOut(given: last, on: Example.master, "the log of coredns-1 ends with: panic").fix == fix)
        let (machine, _) = Example.machine(Example.master, answering: "")
        #expect(await wait.reason(on: machine) == nil)
    }

    @Test("that wait for a node name the taints that keep them away, and how a full disk gets room")
    func taints() async throws {
        let nodes =
            "kubmaster=True=node-role.kubernetes.io/control-plane node.kubernetes.io/disk-pressure \n"
            + "kubnode=True=mine/only "
        let pods = "coredns-1||Pending|||ReplicaSet|coredns-5"
        #expect(
            texts(pods, nodes: nodes) == [
                "coredns-1: waiting to be scheduled", "kubmaster has the taint node.kubernetes.io/disk-pressure",
            ])
        #expect(
            texts("coredns-1|kubnode|Running|False| |ReplicaSet|coredns-5", nodes: nodes) == [
                "coredns-1: Running, not ready"
            ])
        #expect(Nodes(nodes).full.roomFix?.hasPrefix("make room on kubmaster: `df -h /var/lib/kubelet") == true)
        #expect(Nodes("kubmaster=True=").full.roomFix == nil)
    }
}

@Suite("The logs of pods that crash")
struct PodLogsTests {
    @Test("are told by their last lines, of eight pods at most")
    func ends() async throws {
        let logs = (1...8).map { frame("starting\npanic: \($0)\n") }.joined()
        let (machine, _) = Example.machine(Example.master, answering: logs)
        let pods = PodLogs((1...9).map { "pod-\($0)" }, in: ["kube-system"])
        let said = try await pods.ends(on: machine)
        let lines = (1...8).map { "the log of pod-\($0) ends with: panic: \($0)" }
        #expect(said == lines.joined(separator: "\n"))
    }
}

@Suite("A node's bridge")
struct BridgeTests {
    private let step = Bridge.steps(for: Example.node, Example.cni())[0]

    private func texts(given subnet: String?, has address: String?) async throws -> [String] {
        try await TemporaryDirectory.during { directory in
            if let subnet {
                try FileManager.default.createDirectory(
                    atPath: directory.path("run/flannel"), withIntermediateDirectories: true)
                try directory.write(
                    "run/flannel/subnet.env",
                    "FLANNEL_NETWORK=10.244.0.0/16\nFLANNEL_SUBNET=\(subnet)\nFLANNEL_MTU=1450\n")
            }
            let line = address.map { "echo '5: cni0    inet \($0) brd 10.244.1.255 scope global cni0'" } ?? "exit 1"
            try directory.write("ip", "#!/bin/sh\n\(line)\n", mode: 0o755)
            return step.texts(
                command: try await LocalProgram.run(
                    "env",
                    ["PATH=\(directory.path):/usr/bin:/bin", "sh", "-c", CNI.flannelBridge(below: directory.path)]))
        }
    }

    @Test("has what flannel gave the node, or is not there yet; else it is told")
    func differences() async throws {
        #expect(try await texts(given: "10.244.1.1/24", has: "10.244.1.1/24") == [])
        #expect(try await texts(given: "10.244.1.1/24", has: nil) == [])
        #expect(try await texts(given: nil, has: "10.244.1.1/24") == [])
        #expect(
            try await texts(given: "10.244.1.1/24", has: "10.22.0.1/16") == [
                "cni0 has 10.22.0.1/16, and its node was given 10.244.1.1/24"
            ])
        #expect(
            step.refusal(of: ["x"], on: Example.node)?.fix?.contains("`sudo ip link delete cni0` on kubnode") == true)
    }
}

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
