import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeTestSupport
import Testing

@testable import ForgeKubernetes

@Suite("A machine that does not fit")
struct PreflightTests {
    func preflight(_ cluster: Cluster, _ facts: [String: Facts]) -> Preflight {
        Preflight(cluster: cluster, facts: facts, cni: Example.cni(), isRenewing: false)
    }

    /// Every finding and its remedy, as the machine's facts alone give them.
    func findings(_ host: ForgeCore.Host, version: String = "1.36.2", _ facts: [String: Facts]) -> [[String]] {
        preflight(Example.cluster(version), facts).steps(for: host).compactMap { step in
            let found =
                step is ClusterMembershipCheck || step is InstalledVersionCheck || step is OtherKubernetes
                ? [] : step.differences(given: Answers([.contents(Self.resolv): .contents(Self.servers)]))
            return step.refusal(of: found, on: host).flatMap { problem in
                found.isEmpty ? nil : [step.title, found[0].text, problem.fix ?? ""]
            }
        }
    }

    func findings(
        _ change: (inout Facts) -> Void, on host: ForgeCore.Host = Example.master, version: String = "1.36.2"
    )
        -> [[String]]
    {
        findings(
            host, version: version, ["kubmaster": Example.facts("1", change), "kubnode": Example.facts("2", change)])
    }

    private static let servers = Array("nameserver 192.168.1.1\n".utf8)

    @Test("is not the usual one", arguments: Distribution.all)
    func usual(distribution: Distribution) {
        #expect(findings { $0.distribution = distribution } == [])
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
