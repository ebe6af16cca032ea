import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeTestSupport
import Testing

@testable import ForgeKubernetes

@Suite("Fuzz: what a machine says of itself and of Kubernetes")
struct FuzzTests {
    private static let samples = [
        Recorded.adminConfig(), Recorded.kubeletConfig(),
        "127.0.0.1 localhost tn\n# BEGIN kubeforge\n10.77.0.11 kubmaster\n# END kubeforge\n",
        "/swapfile none swap sw 0 0\nUUID=1 / ext4 defaults 0 1\n",
        "{\"data-root\": \"/srv/docker\", \"bip\": \"172.30.0.1/16\", \"log-opts\": {\"max-size\": \"1m\"}}\n",
        "version = 2\n[plugins.\"io.containerd.grpc.v1.cri\".containerd.runtimes.nvidia]\n  x = 1\n",
        "Ready=True KubeletReady\nMemoryPressure=False x\n",
        "kube-system|coredns-1|Running|False|ContainersNotReady x|\n",
        "k8s.gcr.io/kube-apiserver:v1.20.2\nk8s.gcr.io/pause:3.2\n", "kubmaster=True\nkubnode=False\n",
        "10.244.1.0/24 10.77.0.12 3 0\n",
        "tap 10.244.0.5\n",
        "architecture=amd64\ncontainer=none\ncgroup=cgroup2fs\ncores=4\nmemory=4028416\ndisk=41251136\nmachine=0123\nclock=1763723454\nhome=/home/ubuntu\n"
            + "group=ubuntu\naddress=eth0 10.77.0.11\nuuid=1\nmac=aa:bb\nmemorycgroup=1\nvxlan=1\nroom-kubelet=41251136 30000000 2621440 2500000 /var/lib/kubelet\n",
        "ID=debian\nVERSION_ID=\"12\"\nVERSION_CODENAME=bookworm\n", "docker-ce|29.1.0\n",
    ]

    @Test("steps of provision", arguments: [Cluster.Runtime.containerd, .docker])
    func steps(runtime: Cluster.Runtime) throws {
        let plan = try Example.plan(Example.cluster("1.36.2") { $0.runtime = runtime })
        try Fuzz("steps of provision", samples: Self.samples).run { $0.judge(plan) }
    }

    @Test("the survey, and what a plan makes of it")
    func survey() throws {
        let cluster = Example.cluster("1.36.2")
        try Fuzz("survey", samples: Self.samples).run { input in
            let facts = Survey.facts(of: Example.master, input.answers(to: Survey.questions(for: Example.master)))
            let plan = try Example.plan(cluster, facts: ["kubmaster": facts, "kubnode": facts])
            input.judge(Plan(stages: [plan.stages[0]]))
        }
    }

    @Test("admin.conf, and a kubeconfig")
    func kubeconfig() throws {
        try Fuzz("admin.conf", samples: [Recorded.adminConfig()]).run {
            _ = try AdminConfig($0.text, server: "https://10.77.0.11:6443", source: "admin.conf")
        }
        let entries = try KubeconfigTests.entries()
        let merged = try Kubeconfig(merging: entries, into: KubeconfigTests.others).text
        try Fuzz("kubeconfig", samples: [KubeconfigTests.others, merged]).run { input in
            let new = try Kubeconfig(merging: entries, into: input.text)
            let again = try Kubeconfig(merging: entries, into: new.text)
            guard again.differences.isEmpty else { fatalError("a second merge differs: \(again.differences)") }
        }
    }

    @Test("what kubeadm and JSON files say")
    func others() throws {
        try Fuzz(
            "kubeadm's failure",
            samples: [
                "[ERROR Port-10250]: Port 10250 is in use\n",
                "error execution phase preflight: x509: certificate has expired\n",
            ]
        ).run {
            let output = Output(standardOutput: $0.bytes, standardError: $0.bytes, exit: .code(1))
            _ = KubeadmFailure.problem(Command("kubeadm"), Example.node, output, cluster: Example.cluster())
        }
        try Fuzz("JSON object of others", samples: Self.samples).run { _ = JSONMembers($0.text) }
    }
}
