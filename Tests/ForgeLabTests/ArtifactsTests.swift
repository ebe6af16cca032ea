import ForgeCore
import ForgeInventory
import ForgeTemplates
import Testing

@testable import ForgeLab

@Suite("The lab's supplies")
struct ArtifactsTests {
    private let cache = Cache(root: "/var/cache/kubeforge/lab")

    @Test("are made in an order in which each finds what it is made from")
    func order() throws {
        let artifacts = try artifacts().all()
        for (index, artifact) in artifacts.enumerated() {
            let later = artifacts[index...].dropFirst().map(\.place)
            let needed =
                [artifact.buildRoot].compactMap { $0 }
                + artifact.values.values.flatMap { $0.split(separator: " ").map(String.init) }
            for place in later {
                #expect(
                    !needed.contains { $0 == place || $0.hasPrefix(place + "/") }, "\(artifact.name) needs \(place)")
            }
        }
    }

    @Test("lie where the machines' mirrors and the servers look for them")
    func places() throws {
        let places = try Dictionary(uniqueKeysWithValues: artifacts().all().map { ($0.name, $0.place) })
        #expect(
            places["the apt repository of Kubernetes v1.20"] == "/var/cache/kubeforge/lab/apt/core:/stable:/v1.20/deb")
        #expect(places["the archive of debian-13"] == "/var/cache/kubeforge/lab/apt/debian/dists/trixie")
        #expect(places["the archive of debian-12"] == "/var/cache/kubeforge/lab/apt/debian/dists/bookworm")
        #expect(places["the archive of ubuntu-24.04-stand-in"] == "/var/cache/kubeforge/lab/apt/ubuntu/dists/noble")
        #expect(
            places["Docker's repository for debian-12"] == "/var/cache/kubeforge/lab/apt/linux/debian/dists/bookworm")
        #expect(
            places["Docker's repository for ubuntu-24.04-stand-in"]
                == "/var/cache/kubeforge/lab/apt/linux/ubuntu/dists/noble")
        #expect(places["the index of Python wheels"] == "/var/cache/kubeforge/lab/apt/simple")
        #expect(places["Kubernetes 1.20.2"] == "/var/cache/kubeforge/lab/kubernetes/1.20.2")
    }

    @Test("are of the distributions that the machines have, and of Debian 13 where the service's image takes packages")
    func distributions() throws {
        let trixie = ["debian/dists/trixie", "linux/debian/dists/trixie"]
        let bookworm = ["debian/dists/bookworm", "linux/debian/dists/bookworm"]
        #expect(try places(LabSettings()) == trixie)
        #expect(try places(LabSettings(hosts: ["kubnode": .init(distribution: .debian12)])) == trixie + bookworm)
        #expect(
            try places(LabSettings(distribution: .debian12, hosts: ["kubnode": .init(distribution: .ubuntuStandIn)]))
                == bookworm + ["ubuntu/dists/noble", "linux/ubuntu/dists/noble"])
        let mirror = Mirrors.AptRepository(url: "http://10.77.0.1:8000/debian", key: .file(path: "/key.asc"))
        #expect(try places(LabSettings(distribution: .debian12), mirrors: Mirrors(debian: mirror)) == trixie + bookworm)
    }

    @Test("take from Debian 12 no package that only newer releases have, and from the others these, too")
    func newerPackages() throws {
        let all = try artifacts().all()
        func packages(_ distribution: String) throws -> Set<String> {
            let archive = try #require(all.first { $0.name == "the archive of \(distribution)" })
            return Set(try #require(archive.values["packages"]).split(separator: " ").map(String.init))
        }
        #expect(try packages("debian-12") == Set(BuildRules.debianPackages))
        for distribution in ["debian-13", "ubuntu-24.04-stand-in"] {
            #expect(try packages(distribution) == Set(BuildRules.debianPackages + ["docker-cli", "docker-buildx"]))
        }
    }

    @Test("are made again if what they are made from changes, and not otherwise")
    func digests() throws {
        let old = try rules()
        let new = try rules { $0["coredns.go"]! += "// changed\n" }
        #expect(try old.buildRoot() == new.buildRoot())
        #expect(try source(old) == source(new))
        #expect(try kubernetes(old) == kubernetes(new))
        #expect(try standIns(old).digest != standIns(new).digest)
        #expect(try images(old).digest != images(new).digest)
    }

    @Test("keep their signing key when the workshop gets another tool")
    func key() throws {
        let old = try rules()
        let new = try rules { $0["workshop.sh"]! += "# changed\n" }
        #expect(try old.buildRoot().digest != new.buildRoot().digest)
        #expect(try old.signingKey(old.buildRoot()) == new.signingKey(new.buildRoot()))
    }

    @Test("of a second patch release come from the same source, and stand beside the first in one repository")
    func patchReleases() throws {
        let rules = try rules()
        let buildRoot = try rules.buildRoot()
        let second = try rules.kubernetes(Version(1, 20, 3), source: source(rules), buildRoot: buildRoot)
        #expect(second.place == "/var/cache/kubeforge/lab/kubernetes/1.20.3")
        #expect(try second.digest != kubernetes(rules).digest)

        let packages = try rules.kubernetesPackages(
            Version(1, 20, 3), kubernetes: second, standIns: standIns(rules), buildRoot: buildRoot)
        let repository = try rules.kubernetesRepository(
            Version(1, 20, 3), own: rules.packageDirectory(packages),
            others: [
                Version(1, 20, 2): rules.packageDirectory(
                    place: rules.packages(of: Version(1, 20, 2)), digest: "digest")
            ],
            key: rules.signingKey(buildRoot), buildRoot: buildRoot)
        #expect(
            repository.values["debs"]
                == """
                /var/cache/kubeforge/lab/packages/kubernetes-1.20.2 \
                /var/cache/kubeforge/lab/packages/kubernetes-1.20.3
                """
        )
    }

    @Test("of images are put into the registry again when somebody adds an archive")
    func archives() throws {
        let rules = try rules()
        let buildRoot = try rules.buildRoot()
        var brought = BroughtRelease(version: Version(1, 20, 2), directory: "/home/me/lab")
        let none = try rules.registry(
            Version(1, 20, 2), layouts: [images(rules)], brought: brought, buildRoot: buildRoot)
        brought.archives = [
            BroughtArchive(
                path: "/home/me/lab/images/coredns.tar", stamp: "1 2", transport: "docker-archive",
                names: ["coredns/coredns:1.7.0"])
        ]
        let one = try rules.registry(
            Version(1, 20, 2), layouts: [images(rules)], brought: brought, buildRoot: buildRoot)
        #expect(none.digest != one.digest)
    }

    @Test("tell lists apart that look alike when they are joined")
    func unambiguousDigest() {
        #expect(BuildRules.digest(["ab", "c"]) != BuildRules.digest(["a", "bc"]))
        #expect(BuildRules.digest(["a"]) != BuildRules.digest(["a", ""]))
    }

    @Test("name every script and file that there is")
    func files() throws {
        let rules = try rules()
        let read = ["make.sh", "in-workshop.sh"]
        for artifact in try artifacts().all() { _ = try rules.text(artifact.script) }
        for file in read { _ = try rules.text(file) }
        #expect(throws: Problem.self) { try rules.text("nonsense.sh") }
    }

    private func artifacts(_ distributions: [LabSettings.Distribution] = LabSettings.Distribution.allCases) throws
        -> Artifacts
    {
        try Artifacts(
            cache: cache, computer: LocalHost(), templates: Templates(), kubernetes: Version(1, 20, 2),
            distributions: distributions)
    }

    private func places(_ lab: LabSettings, mirrors: Mirrors = Mirrors()) throws -> [String] {
        var cluster = SampleLab.cluster()
        cluster.lab = lab
        cluster.mirrors = mirrors
        let layout = try LabLayout(
            cluster: cluster, cache: cache, operatorFiles: SampleLab.operatorFiles, computer: LocalHost(),
            templates: Templates())
        let apt = cache.apt + "/"
        return try Artifacts(layout).all().map(\.place).filter { $0.contains("/dists/") }.map {
            String($0.dropFirst(apt.count))
        }
    }

    private func rules(_ change: (inout [String: String]) -> Void = { _ in }) throws -> BuildRules {
        var texts = try Templates().directory("lab/build")
        change(&texts)
        return BuildRules(cache: cache, texts: texts)
    }

    private func source(_ rules: BuildRules) throws -> Artifact { try rules.kubernetesSource(rules.buildRoot()) }

    private func kubernetes(_ rules: BuildRules) throws -> Artifact {
        try rules.kubernetes(Version(1, 20, 2), source: source(rules), buildRoot: rules.buildRoot())
    }

    private func standIns(_ rules: BuildRules) throws -> Artifact {
        try rules.standIns(source: source(rules), buildRoot: rules.buildRoot())
    }

    private func images(_ rules: BuildRules) throws -> Artifact {
        try rules.kubernetesImages(
            Version(1, 20, 2), kubernetes: kubernetes(rules), standIns: standIns(rules), buildRoot: rules.buildRoot())
    }
}
