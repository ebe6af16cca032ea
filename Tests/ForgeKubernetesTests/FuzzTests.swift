import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeTestSupport
import Testing

@testable import ForgeKubernetes

@Suite("Fuzz: what a machine says of itself and of Kubernetes")
struct FuzzTests {
    /// Real answers, and what some step says of each: an answer that no parser understands says nothing here.
    private static let answers: [(String, String)] = [
        ("127.0.0.1 localhost tn\n# BEGIN kubeforge\n10.77.0.11 kubmaster\n# END kubeforge\n", "missing: kubnode"),
        ("10.77.0.12 STREAM kubmaster\n10.77.0.12 DGRAM\n", "missing: kubmaster"),
        ("/swapfile none swap sw 0 0\nUUID=1 / ext4 defaults 0 1\n", "/etc/fstab turns on /swapfile"),
        ("swap.img.swap\n", "swap.img.swap is not masked"),
        (
            "{\"data-root\": \"/srv/docker\", \"bip\": \"172.30.0.1/16\", \"log-opts\": {\"max-size\": \"1m\"}}\n",
            "exec-opts in /etc/docker/daemon.json"
        ),
        ("Ready=False KubeletNotReady: container runtime is down\n", "is not Ready: KubeletNotReady"),
        ("Ready=True x\nMemoryPressure=True KubeletHasInsufficientMemory\n", "has MemoryPressure, and takes no pods"),
        ("Ready=True x\nDiskPressure=True KubeletHasDiskPressure\n", "make room on kubmaster: "),
        (
            "kubmaster=True=\nkubnode=True=node.kubernetes.io/disk-pressure node.kubernetes.io/x\n",
            "make room on kubnode: "
        ),
        (
            "coredns-5d78c9869d-abcde|kubnode|Running|False|CrashLoopBackOff |ReplicaSet|coredns-5d78c9869d\n",
            "coredns-5d78c9869d-abcde: CrashLoopBackOff"
        ),
        ("Deployment metrics-server\n", "kubeforge did not make Deployment metrics-server"),
        (
            "False MissingEndpoints: endpoints for service/metrics-server in \"kube-system\" have no addresses\n",
            "v1beta1.metrics.k8s.io is not available: MissingEndpoints: endpoints for"
        ),
        ("ResourceDisk.EnableSwap=y\n", "/etc/waagent.conf lets Azure's agent turn swap on at boot"),
        ("web-0|kubnode|Pending|False|||\n", "the pod web-0 in kube-system is not the cluster's own"),
        (
            "device\nfdb ee:ff:00:11:22:33 dst 10.77.0.12 self permanent\n"
                + "neigh 10.244.1.0 lladdr ee:ff:00:11:22:33 PERMANENT\nreply 10.244.1.0 none\n",
            "kubnode (10.244.1.0) does not answer through the pod network"
        ),
        ("wanted 10.244.1.1/24\nhas 10.244.0.1/24\n", "cni0 has 10.244.0.1/24, and its node was given 10.244.1.1/24"),
        (
            "LISTEN 0 4096 *:6443 *:* users:((\"haproxy\",pid=812,fd=7))\n", "haproxy listens on 6443/tcp"
        ),
        ("05-cilium.conflist cilium-cni portmap\n", "05-cilium.conflist (cilium-cni, portmap) comes before"),
        (Recorded.adminConfig(server: "https://10.1.1.1:6443"), "it belongs to the cluster at https://10.1.1.1:6443"),
        (Recorded.kubeletConfig(server: "https://10.1.1.1:6443"), "it belongs to the cluster at https://10.1.1.1:6443"),
        ("1.35.1-1.1", "its kubelet: 1.35.1 → 1.36.2"),
        (
            "/etc/apt/sources.list:4:deb https://download.docker.com/linux/debian bookworm stable\n",
            "/etc/apt/sources.list:4 names it without a key"
        ),
        (
            "/etc/apt/keyrings/docker.asc AAAABBBBCCCCDDDDEEEEFFFF0000111122223333\n",
            "signing key of docker: AAAABBBBCCCCDDDDEEEEFFFF0000111122223333"
        ),
        ("docker.io\n", "docker.io is installed, and would be removed"),
        ("registry.k8s.io/kube-apiserver:v1.36.2\nregistry.k8s.io/pause:3.10\n", "kube-apiserver:v1.36.2 is missing"),
        ("node-role.kubernetes.io/control-plane x", "it has the taint node-role.kubernetes.io/control-plane"),
        (
            "now 1763723454 2025-11-21\nend 1763637054 2025-11-20 1732101054 /etc/kubernetes/pki/apiserver.crt\n",
            "pki/apiserver.crt expired on 2025-11-20"
        ),
        (
            "now 1763723454 2025-11-21\nend 1763896254 2025-11-23 1732360254 /etc/kubernetes/pki/apiserver.crt\n",
            "pki/apiserver.crt will expire in 2 days, on 2025-11-23"
        ),
    ]

    private static let survey =
        "architecture=amd64\ncontainer=none\ncgroup=cgroup2fs\ncores=4\nmemory=4028416\ndisk=41251136\nmachine=0123\n"
            + """
            clock=1763723454\nhome=/home/ubuntu\ngroup=ubuntu\naddress=eth0 \
            10.77.0.11\nuuid=1\nmac=aa:bb\nmemorycgroup=1\nvxlan=1\nroom-kubelet=41251136 30000000 2621440 2500000 \
            /var/lib/kubelet\nID=debian\nVERSION_ID=\"12\"\n
            """

    /// With whatever has a parser: a control plane that takes pods, both runtimes, and certificates that are renewed.
    private static func plans() throws -> [Plan] {
        try [Cluster.Runtime.containerd, .docker].map { runtime in
            let cluster = Example.cluster("1.36.2") {
                $0.runtime = runtime
                $0.hosts[0].isSchedulable = true
                $0.metricsServer = true
            }
            return try ClusterPlan(
                cluster: cluster, facts: ["kubmaster": Example.facts("1"), "kubnode": Example.facts("2")],
                templates: Example.templates, operatorKubeconfig: "/home/me/.kube/config",
                renewsCertificates: runtime == .docker
            ).make()
        }
    }

    @Test("real answers are understood", arguments: answers)
    func understood(answer: String, words: String) throws {
        let said = try Self.plans().flatMap { $0.says(of: answer) }
        #expect(said.contains { $0.contains(words) }, "no step says “\(words)” of \(answer)")
    }

    @Test("steps of provision", arguments: 0...1)
    func steps(number: Int) throws {
        let plan = try Self.plans()[number]
        try Fuzz("steps of provision", samples: Self.answers.map(\.0)).run { $0.judge(plan) }
    }

    @Test("the survey, and what a plan makes of it")
    func survey() throws {
        let cluster = Example.cluster("1.36.2")
        try Fuzz("survey", samples: [Self.survey]).run { input in
            let facts = Survey.facts(of: Example.master, input.answers(to: Survey.questions(for: Example.master)))
            let plan = try Example.plan(cluster, facts: ["kubmaster": facts, "kubnode": facts])
            _ = input.judge(Plan(stages: [plan.stages[0]]))
            return facts.cores == 4 && facts.rooms["kubelet"]?.totalInodes == 2_621_440 && facts.addresses.count == 1
        }
    }

    @Test("admin.conf, and a kubeconfig")
    func kubeconfig() throws {
        try Fuzz("admin.conf", samples: [Recorded.adminConfig()]).run {
            _ = try AdminConfig($0.text, server: "https://10.77.0.11:6443", source: "admin.conf")
            return true
        }
        let entries = try KubeconfigTests.entries()
        let merged = try Kubeconfig(merging: entries, into: KubeconfigTests.others).text
        let samples =
            [KubeconfigTests.others, merged, merged.replacing("\n", with: "\r\n")]
            + ["\r", "\u{85}", "\u{2028}"].map(KubeconfigTests.replaced)
        try Fuzz("kubeconfig", samples: samples).run { input in
            let new = try Kubeconfig(merging: entries, into: input.text)
            let again = try Kubeconfig(merging: entries, into: new.text)
            guard again.differences.isEmpty else { fatalError("a second merge differs: \(again.differences)") }
            return true
        }
    }

    @Test("what kubeadm, kubectl and the kubelet say, and files of others")
    func others() throws {
        let failures = [
            "[ERROR Port-10250]: Port 10250 is in use\n",
            "error execution phase preflight: x509: certificate has expired\n",
        ]
        try Fuzz("kubeadm's failure", samples: failures).run {
            let output = Output(standardOutput: $0.bytes, standardError: $0.bytes, exit: .code(1))
            let problem = KubeadmFailure.problem(Command("kubeadm"), Example.node, output, cluster: Example.cluster())
            return problem.why?.contains("Port 10250 is in use") == true
        }
        let journal =
            """
            E1121 bootstrap.go:266] part of the existing bootstrap client certificate in /etc/kubernetes/kubelet.conf \
            is expired: 2025-11-20\n
            """
        try Fuzz("the kubelet's journal", samples: [journal]).run { Certificates.expiry(kubeletSays: $0.text) != nil }
        try Fuzz("what kubectl says of objects", samples: ["Error from server (NotFound): nodes \"m\" not found\n"]).run
        {
            if case .missing = Presence(CommandState(exitCode: 1, text: $0.text)) { true } else { false }
        }
        try Fuzz(
            "JSON object of others", samples: ["{\"bip\": \"172.30.0.1/16\", \"log-opts\": {\"a\": [1, \"b\"]}}\n"]
        ).run {
            JSONMembers($0.text) != nil
        }
        let nvidia =
            """
            version = 2\nroot = \"/srv\"\n[plugins.\"io.containerd.grpc.v1.cri\".containerd]\n  default_runtime_name = \
            \"nvidia\"\n[plugins.\"io.containerd.grpc.v1.cri\".containerd.runtimes.nvidia]\n  x = [\n 1 ]\n
            """
        try Fuzz("containerd's configuration", samples: [nvidia]).run {
            let extras = ContainerdExtras(of: $0.text)
            _ = extras.added(to: "version = 3\ndefault_runtime_name = \"runc\"\n", version: 3)
            return extras.names.contains("the runtime nvidia")
        }
    }
}
