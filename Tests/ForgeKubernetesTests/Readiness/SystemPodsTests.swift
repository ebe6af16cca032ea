import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeTestSupport
import Foundation
import Testing

@testable import ForgeKubernetes

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
