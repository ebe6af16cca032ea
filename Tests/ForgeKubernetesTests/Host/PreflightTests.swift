import ForgeCore
import ForgeInventory
import ForgePlan
import Testing

@testable import ForgeKubernetes

@Suite("A machine that does not fit")
struct PreflightTests {
    /// Every finding and its remedy, as the machine's facts alone give them.
    private func findings(_ host: ForgeCore.Host, version: String = "1.36.2", _ facts: [String: Facts]) -> [[String]] {
        Preflight(cluster: Example.cluster(version), facts: facts).steps(for: host).compactMap { step in
            let found = step is Membership || step is KubernetesOnDisk ? [] : step.differences(given: Answers())
            return step.refusal(of: found, on: host).flatMap { problem in
                found.isEmpty ? nil : [step.title, found[0].text, problem.fix ?? ""]
            }
        }
    }

    private func findings(_ change: (inout Facts) -> Void, on host: ForgeCore.Host = Example.master, version: String = "1.36.2")
        -> [[String]]
    {
        findings(host, version: version, ["kubmaster": Example.facts("1", change), "kubnode": Example.facts("2", change)])
    }

    @Test("is not the usual one", arguments: Distribution.all)
    func usual(distribution: Distribution) {
        #expect(findings { $0.distribution = distribution } == [])
    }

    @Test("has a distribution or a processor that nobody tried")
    func unknown() {
        #expect(
            findings { $0.distribution = Distribution(id: "fedora", version: "42", codename: "") } == [
                [
                    "its distribution is one that kubeforge knows", "it is Fedora 42",
                    "use one of: Debian 12, Debian 13, Ubuntu 20.04, Ubuntu 22.04, Ubuntu 24.04",
                ]
            ])
        #expect(
            findings { $0.architecture = "riscv64" } == [
                ["its processor is amd64 or arm64", "it is riscv64", "Kubernetes' packages exist for amd64 and arm64"]
            ])
    }

    @Test("has cgroup v1, which Kubernetes takes until 1.34")
    func cgroup() {
        #expect(findings({ $0.hasCgroup2 = false }, version: "1.34.9") == [])
        #expect(
            findings({ $0.hasCgroup2 = false }, version: "1.35.0") == [
                [
                    "it has cgroup v2 where Kubernetes needs it", "it has cgroup v1",
                    "Kubernetes 1.35.0 needs cgroup v2: use Ubuntu 22.04 or newer, or Kubernetes 1.34 or older",
                ]
            ])
    }

    @Test("has too little memory, too few processors, too little room")
    func small() {
        #expect(findings { $0.memoryMiB = 1699 } == [["it has 1700 MiB of memory", "it has 1699 MiB", "give the machine more memory"]])
        #expect(findings({ $0.memoryMiB = 1000 }, on: Example.node) == [])
        #expect(findings({ $0.memoryMiB = 899 }, on: Example.node).map { $0[0] } == ["it has 900 MiB of memory"])
        #expect(findings { $0.cores = 1 } == [["it has the processors it needs", "it has 1", "kubeadm wants two for a control plane"]])
        #expect(findings({ $0.cores = 1 }, on: Example.node) == [])
        #expect(
            findings { $0.freeDiskMiB = 5119 } == [
                ["it has 5 GiB free in /var", "it has 5119 MiB", "make room: `du -xh /var | sort -h | tail`, or a larger disk"]
            ])
    }

    @Test("is a clone of another one")
    func twin() {
        let facts = ["kubmaster": Example.facts("abc"), "kubnode": Example.facts("abc")]
        #expect(
            findings(Example.node, facts) == [
                [
                    "its machine-id is its own", "kubmaster has the same: abc",
                    "a cloned VM: `sudo rm /etc/machine-id && sudo systemd-machine-id-setup && sudo reboot` on one of them",
                ]
            ])
        #expect(findings(Example.node, ["kubmaster": Example.facts(""), "kubnode": Example.facts("")]) == [])
    }

    @Test("has a clock of its own", arguments: [(1060, nil), (940, nil), (1061, "it is 61 s ahead"), (900, "it is 100 s behind")])
    func clock(node: Int, expected: String?) {
        let facts = ["kubmaster": Example.facts("1") { $0.clock = 1000 }, "kubnode": Example.facts("2") { $0.clock = node }]
        #expect(findings(Example.node, facts).map { $0[1] } == (expected.map { [$0] } ?? []))
    }

    @Test("is told everything at once")
    func all() {
        #expect(
            findings {
                $0.cores = 1
                $0.memoryMiB = 100
                $0.freeDiskMiB = 1
                $0.architecture = "s390x"
            }.count == 4)
    }
}

@Suite("A survey")
struct SurveyTests {
    @Test("turns a machine's answers into facts")
    func facts() {
        let questions = Survey.questions(for: Example.node)
        let text = """
            architecture=amd64
            container=systemd-nspawn
            cgroup=tmpfs
            cores=2
            memory=24663380
            disk=30720000
            machine=0123abcd
            clock=1795259454
            home=/home/ubuntu
            group=ubuntu
            """
        let answers = Answers([
            questions[0]: .contents(
                Array("PRETTY_NAME=\"Ubuntu 24.04.1 LTS\"\nID=ubuntu\nVERSION_ID=\"24.04\"\nVERSION_CODENAME=noble\n".utf8)),
            questions[1]: .command(CommandState(text: text)),
        ])
        #expect(
            Survey.facts(of: Example.node, answers)
                == Facts(
                    distribution: Distribution(id: "ubuntu", version: "24.04", codename: "noble"), architecture: "amd64", isContainer: true,
                    hasCgroup2: false, cores: 2,
                    memoryMiB: 24085, freeDiskMiB: 30000, machineID: "0123abcd", clock: 1_795_259_454, home: "/home/ubuntu", group: "ubuntu"
                ))
    }

    @Test("without answers leaves what preflights will find")
    func nothing() {
        let facts = Survey.facts(of: Example.node, Answers())
        #expect(facts.distribution.name == "Unknown ")
        #expect([facts.cores, facts.memoryMiB, facts.freeDiskMiB] == [0, 0, 0])
    }
}
