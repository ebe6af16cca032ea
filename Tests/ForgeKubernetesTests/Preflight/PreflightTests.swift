import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeTestSupport
import Testing

@testable import ForgeKubernetes

@Suite("A machine that does not fit")
struct PreflightTests {
    private func preflight(_ cluster: Cluster, _ facts: [String: Facts]) -> Preflight {
        Preflight(cluster: cluster, facts: facts, cni: Example.cni(), isRenewing: false)
    }

    /// Every finding and its remedy, as the machine's facts alone give them.
    private func findings(_ host: ForgeCore.Host, version: String = "1.36.2", _ facts: [String: Facts]) -> [[String]] {
        preflight(Example.cluster(version), facts).steps(for: host).compactMap { step in
            let found =
                step is ClusterMembershipCheck || step is InstalledVersionCheck || step is OtherKubernetes
                ? [] : step.differences(given: Answers([.contents(Self.resolv): .contents(Self.servers)]))
            return step.refusal(of: found, on: host).flatMap { problem in
                found.isEmpty ? nil : [step.title, found[0].text, problem.fix ?? ""]
            }
        }
    }

    private func findings(
        _ change: (inout Facts) -> Void, on host: ForgeCore.Host = Example.master, version: String = "1.36.2"
    )
        -> [[String]]
    {
        findings(
            host, version: version, ["kubmaster": Example.facts("1", change), "kubnode": Example.facts("2", change)])
    }

    @Test("is not the usual one", arguments: Distribution.all)
    func usual(distribution: Distribution) {
        #expect(findings { $0.distribution = distribution } == [])
    }

    @Test("is a container whose host lacks a control group")
    func containersHost() {
        let fixes = findings {
            $0.isContainer = true
            $0.hasCgroup2 = false
            $0.hasMemoryCgroup = false
        }.map { $0[2] }
        #expect(fixes.count == 2)
        #expect(fixes.allSatisfy { $0.contains("on the computer that the container runs on") }, "\(fixes)")
    }

    private func nameServers() throws -> any Step {
        let facts = ["kubmaster": Example.facts("1"), "kubnode": Example.facts("2")]
        return try #require(
            preflight(Example.cluster(), facts).steps(for: Example.node).first {
                $0.title == "pods can reach its name servers"
            })
    }

    private static let resolv = "/etc/resolv.conf"
    private static let servers = Array("nameserver 192.168.1.1\n".utf8)
    private static let itself = "which in a pod is the pod itself"

    @Test(
        "has no name server that a pod could ask",
        arguments: [
            ("127.0.0.1", "127.0.0.1"), ("::1", "::1"), ("127.0.0.53 127.0.0.1", "127.0.0.53, 127.0.0.1"),
            ("127.0.0.1 ::1 127.0.0.1", "127.0.0.1, ::1"), ("192.168.1.1", nil), ("127.0.0.1 192.168.1.1", nil),
            ("fe80::1%eth0", nil), ("127.0.0.example", nil),
        ])
    func nameServers(servers: String, named: String?) throws {
        let lines = servers.split(separator: " ").map { " nameserver\t\($0) \n" }.joined()
        let text = "# nameserver 9.9.9.9\nsearch lan\nnameserver\n\(lines)"
        let found = try nameServers().texts([.contents(Self.resolv): .contents(Array(text.utf8))])
        #expect(found == (named.map { ["\(Self.resolv) names no other name server than \($0), \(Self.itself)"] } ?? []))
        #expect(
            try nameServers().refusal(of: ["x"], on: Example.node)?.fix == """
                name there the servers that the one on loopback asks itself, such as the router; or give pods a file \
                of their own: `echo nameserver ADDRESS | sudo tee /etc/resolv-pods.conf` and `echo \
                KUBELET_EXTRA_ARGS=--resolv-conf=/etc/resolv-pods.conf | sudo tee -a /etc/default/kubelet` on kubnode
                """)
    }

    @Test("has no name server at all")
    func noNameServers() throws {
        let empty = Answer.contents(Array("# nameserver 9.9.9.9\nsearch lan\nnameserver\n".utf8))
        #expect(try nameServers().texts([.contents(Self.resolv): empty]) == ["\(Self.resolv) names no name server"])
        #expect(try nameServers().texts([:]) == ["\(Self.resolv) is missing"])
    }

    /// As kubeadm decides which file the kubelet reads.
    @Test("has its name servers in the file that the kubelet will read")
    func nameServerFile() throws {
        let step = try nameServers()
        func contents(_ text: String) -> Answer { .contents(Array(text.utf8)) }
        let resolved = "/run/systemd/resolve/resolv.conf"
        var answers: [Question: Answer] = [
            .contents(Self.resolv): contents("nameserver 127.0.0.53\n"),
            .contents(resolved): contents("nameserver 192.168.1.1\n"),
            .unit("systemd-resolved.service"): .unit(UnitState(active: "active", enabled: "enabled")),
        ]
        #expect(step.texts(answers) == [])
        answers[.contents(resolved)] = contents("nameserver 127.0.0.1\n")
        #expect(step.texts(answers) == ["\(resolved) names no other name server than 127.0.0.1, \(Self.itself)"])
        answers[.unit("systemd-resolved.service")] = .unit(UnitState(active: "inactive", enabled: "disabled"))
        let found = ["\(Self.resolv) names no other name server than 127.0.0.53, \(Self.itself)"]
        #expect(step.texts(answers) == found)
        let flags = "KUBELET_EXTRA_ARGS=\"--v=2 --resolv-conf=/etc/resolv-pods.conf\"\n"
        answers[.contents("/etc/default/kubelet")] = contents(flags)
        #expect(step.texts(answers) == [])
        answers[.contents("/etc/default/kubelet")] = contents("# \(flags)")
        #expect(step.texts(answers) == found)
        answers[.file("/var/lib/kubelet/config.yaml")] = .file(FileState())
        #expect(step.texts(answers) == [], "a node says itself how it is")
    }

    @Test("has a distribution or a processor that nobody tried")
    func unknown() {
        #expect(
            findings { $0.distribution = Distribution(id: "fedora", version: "42", codename: "") } == [
                [
                    "its distribution is supported", "it is Fedora 42",
                    "use one of: Debian 12, Debian 13, Ubuntu 22.04, Ubuntu 24.04, Ubuntu 26.04",
                ]
            ])
        #expect(
            findings { $0.architecture = "riscv64" } == [
                ["its processor is amd64 or arm64", "it is riscv64", "Kubernetes' packages exist for amd64 and arm64"]
            ])
    }

    @Test("has a distribution whose support is over")
    func retired() {
        #expect(
            findings { $0.distribution = Distribution(id: "ubuntu", version: "20.04", codename: "focal") }.map { $0[1] }
                == ["it is Ubuntu 20.04: its support ended in May 2025"])
    }

    @Test("has an apt that refuses the signature of old releases, unless they are there or a mirror has them")
    func signature() {
        let trixie = Example.facts("1") {
            $0.distribution = Distribution(id: "debian", version: "13", codename: "trixie")
        }
        let facts = ["kubmaster": trixie]
        #expect(
            findings(Example.master, version: "1.31.14", facts) == [
                [
                    "its apt accepts the packages of Kubernetes 1.31.14",
                    "Debian 13 refuses the old signature of pkgs.k8s.io for 1.31 and older",
                    """
                    use Kubernetes 1.32 or newer, Debian 12, or a mirror with a signature of its own (mirrors: apt: \
                    kubernetes:)
                    """,
                ]
            ])
        #expect(findings(Example.master, version: "1.32.13", facts) == [])
        #expect(findings(Example.master, version: "1.31.14", ["kubmaster": Example.facts("1")]) == [])
        func found(installed: String?, _ change: (inout Cluster) -> Void = { _ in }) -> Int {
            preflight(Example.cluster("1.31.14", change), facts).steps(for: Example.master).count { step in
                step.title.hasPrefix("its apt accepts")
                    && !step.differences(
                        given: Answers([.package("kubelet"): .package(PackageState(installed: installed))])
                    ).isEmpty
            }
        }
        #expect(found(installed: nil) == 1)
        #expect(found(installed: "1.31.14-1.1") == 0)
        #expect(
            found(installed: nil) { $0.mirrors.kubernetes = .init(url: "http://10.77.0.1", key: .file(path: "k")) } == 0
        )
    }

    @Test("goes out through a proxy that only its own environment names, before its first installation")
    func proxy() {
        let change: (inout Facts) -> Void = { $0.proxy = "http://p:3128" }
        #expect(
            findings(change) == [
                [
                    "the proxy in its environment is in the inventory",
                    "its environment names http://p:3128, and kubeforge would not use it",
                    """
                    if it cannot reach packages and images in any other way, write into inventory/lab.yaml: `proxy: { \
                    http: http://p:3128, https: http://p:3128 }`; else name mirrors there (mirrors:), or take it out \
                    of the environment of ubuntu (/etc/environment) on kubmaster
                    """,
                ]
            ])
        func found(installed: String? = nil, _ change: (inout Cluster) -> Void = { _ in }) -> Int {
            let facts = ["kubmaster": Example.facts("1") { $0.proxy = "http://p:3128" }]
            let cluster = Example.cluster("1.36.2", change)
            return preflight(cluster, facts).steps(for: Example.master).count {
                $0.title == "the proxy in its environment is in the inventory"
                    && !$0.differences(
                        given: Answers([.package("kubelet"): .package(PackageState(installed: installed))])
                    ).isEmpty
            }
        }
        #expect(found() == 1)
        #expect(found(installed: "1.36.2-1.1") == 0)
        #expect(found { $0.proxy = Proxy(https: "http://other:3128") } == 0)
        #expect(found { $0.mirrors.kubernetes = .init(url: "http://10.77.0.1", key: .file(path: "k")) } == 0)
    }

    @Test("has an address on no interface, as a cloud's public ones are")
    func address() {
        let own = [
            Facts.Interface("ens5", "172.31.4.2"), Facts.Interface("docker0", "172.17.0.1"),
            Facts.Interface("cni0", "10.244.0.1"), Facts.Interface("-", "192.168.5.2"),
        ]
        #expect(
            findings { $0.addresses = own } == [
                [
                    "its address is on one of its interfaces",
                    "10.77.0.11 is on none; it has 172.31.4.2 (ens5), 192.168.5.2",
                    """
                    in inventory/lab.yaml: `address: 172.31.4.2` is what the machines use among themselves, and `ssh: \
                    { address: 10.77.0.11 }` of this host is where SSH goes
                    """,
                ]
            ])
        #expect(findings { $0.addresses = own + [Facts.Interface("ens6", "10.77.0.11")] } == [])
        #expect(findings { $0.addresses = [] } == [])
    }

    @Test("has a kernel that lacks what pods need")
    func kernel() {
        #expect(findings { $0.hasMemoryCgroup = false }.first?[2].contains("/boot/firmware/cmdline.txt") == true)
        #expect(findings { $0.hasVXLAN = false }.first?[2].contains("linux-modules-extra-$(uname -r)") == true)
        #expect(
            findings {
                $0.hasMemoryCgroup = true
                $0.hasVXLAN = true
            } == [])
    }

    @Test("has disks that the kubelet calls full, whatever 5 GiB are")
    func diskPressure() {
        func texts(_ runtime: Cluster.Runtime, _ rooms: [String: Facts.Room]) -> [String] {
            DiskPressure(runtime: runtime, rooms: rooms).findings.map(\.text)
        }
        let large = Facts.Room("/var/lib/containerd", totalMiB: 256_000, freeMiB: 38_399)
        #expect(
            texts(.containerd, ["containerd": large]) == [
                """
                /var/lib/containerd: 38399 of 256000 MiB are free; below 15 % (38400 MiB) the kubelet says DiskPressure
                """
            ])
        #expect(texts(.docker, ["containerd": large]) == [])
        #expect(texts(.docker, ["docker": large]).count == 1)
        #expect(texts(.containerd, ["containerd": Facts.Room("/", totalMiB: 256_000, freeMiB: 38_400)]) == [])
        #expect(
            texts(
                .containerd,
                [
                    "kubelet": Facts.Room(
                        "/var/lib/kubelet", totalMiB: 1000, freeMiB: 99, totalInodes: 100_000, freeInodes: 4999)
                ])
                == [
                    "/var/lib/kubelet: 99 of 1000 MiB are free; below 10 % (100 MiB) the kubelet says DiskPressure",
                    "/var/lib/kubelet: 4999 of 100000 inodes are free; below 5 % the kubelet says DiskPressure",
                ])
        let enough = Facts.Room("/", totalMiB: 1000, freeMiB: 100, totalInodes: 100_000, freeInodes: 5000)
        #expect(texts(.containerd, ["kubelet": enough]) == [])
        #expect(
            findings { $0.rooms["containerd"] = large }.map { $0[0] } == [
                "its free disk space is above the kubelet's eviction thresholds"
            ])
    }

    @Test("shares its firmware's number or a network card with another one")
    func clones() {
        func twins(_ change: (inout Facts) -> Void) -> [String] {
            findings(Example.node, ["kubmaster": Example.facts("1", change), "kubnode": Example.facts("2", change)]).map
            { $0[1] }
        }
        for uuid in ["4C4C4544-0001", "11111111-0000-0000-0000-000000000000"] {
            #expect(twins { $0.productUUID = uuid } == ["kubmaster has the same: \(uuid)"])
        }
        let same: (inout Facts) -> Void = { $0.productUUID = "4C4C4544-0001" }
        let three = [
            "kubmaster": Example.facts("1", same), "kubnode": Example.facts("2", same),
            "zebra": Example.facts("3", same),
        ]
        #expect(findings(Example.node, three).map { $0[1] } == ["kubmaster has the same: 4C4C4544-0001"])
        #expect(
            twins { $0.macAddresses = ["0a:00:00:00:00:01", "0a:00:00:00:00:02"] } == [
                "kubmaster has the same: 0a:00:00:00:00:01"
            ])
        for placeholder in ["", "00000000-0000-0000-0000-000000000000", "03000200-0400-0500-0006-000700080009"] {
            #expect(twins { $0.productUUID = placeholder } == [])
        }
        let different = [
            "kubmaster": Example.facts("1") { $0.macAddresses = ["0a:00:00:00:00:01"] },
            "kubnode": Example.facts("2") { $0.macAddresses = ["0a:00:00:00:00:02"] },
        ]
        #expect(findings(Example.node, different) == [])
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
        #expect(
            findings { $0.memoryMiB = 1699 } == [
                ["it has 1700 MiB of memory", "it has 1699 MiB", "give the machine more memory"]
            ])
        #expect(findings({ $0.memoryMiB = 1000 }, on: Example.node) == [])
        #expect(findings({ $0.memoryMiB = 899 }, on: Example.node).map { $0[0] } == ["it has 900 MiB of memory"])
        #expect(
            findings { $0.cores = 1 } == [
                ["it has enough CPUs", "it has 1", "kubeadm requires two for a control plane"]
            ])
        #expect(findings({ $0.cores = 1 }, on: Example.node) == [])
        #expect(
            findings { $0.freeDiskMiB = 5119 } == [
                [
                    "it has 5 GiB free in /var", "it has 5119 MiB",
                    "make room: `du -xh /var | sort -h | tail`, or a larger disk",
                ]
            ])
    }

    @Test("may have less room in /var once it is a node, which has its packages and images")
    func nodesRoom() throws {
        let facts = ["kubmaster": Example.facts("1") { $0.freeDiskMiB = 4000 }, "kubnode": Example.facts("2")]
        let steps = preflight(Example.cluster(), facts).steps(for: Example.master)
        let step = try #require(steps.first { $0.title == "it has 5 GiB free in /var" })
        #expect(step.texts([:]) == ["it has 4000 MiB"])
        #expect(step.texts([.file("/etc/kubernetes/kubelet.conf"): .file(FileState())]) == [])
    }

    @Test("may have exactly what it needs")
    func justEnough() {
        #expect(findings { $0.memoryMiB = 1700 } == [])
        #expect(findings({ $0.memoryMiB = 900 }, on: Example.node) == [])
        #expect(findings { $0.freeDiskMiB = 5120 } == [])
        #expect(findings { $0.cores = 2 } == [])
    }

    @Test(
        "has a clock that the operator's computer has not",
        arguments: [(61, "it is 61 s ahead"), (-3600, "it is 3600 s behind")])
    func operatorsClock(skew: Int, expected: String) {
        #expect(findings { $0.skew = skew }.first?.dropLast() == ["its clock is in sync with this computer", expected])
        for near in [60, 0, -60, nil] as [Int?] { #expect(findings { $0.skew = near } == []) }
        #expect(findings { $0.skew = .min }.count == 1)
    }

    @Test("is a clone of another one")
    func duplicate() {
        let facts = ["kubmaster": Example.facts("abc"), "kubnode": Example.facts("abc")]
        #expect(
            findings(Example.node, facts) == [
                [
                    "its machine-id is unique", "kubmaster has the same: abc",
                    """
                    if it is a cloned VM: `sudo rm /etc/machine-id && sudo systemd-machine-id-setup && sudo reboot` on \
                    one of them
                    """,
                ]
            ])
        #expect(findings(Example.node, ["kubmaster": Example.facts(""), "kubnode": Example.facts("")]) == [])
    }

    @Test(
        "has a clock of its own",
        arguments: [(1060, nil), (940, nil), (1061, "it is 61 s ahead"), (900, "it is 100 s behind")])
    func clock(node: Int, expected: String?) {
        let facts = [
            "kubmaster": Example.facts("1") { $0.clock = 1000 }, "kubnode": Example.facts("2") { $0.clock = node },
        ]
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
