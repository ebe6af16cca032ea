import ForgeCore
import ForgeInventory
import ForgeTemplates
import Testing

@testable import ForgeLab

@Suite("The lab's supplies")
struct SuppliesTests {
    private let cache = Cache(root: "/var/cache/kubeforge/lab")

    @Test("are made in an order in which each finds what it is made from")
    func order() throws {
        let supplies = try supplies().all()
        for (index, supply) in supplies.enumerated() {
            let later = supplies[index...].dropFirst().map(\.place)
            let needed = [supply.workshop].compactMap { $0 } + supply.values.values.flatMap { $0.split(separator: " ").map(String.init) }
            for place in later { #expect(!needed.contains { $0 == place || $0.hasPrefix(place + "/") }, "\(supply.name) needs \(place)") }
        }
    }

    @Test("lie where the machines' mirrors and the servers look for them")
    func places() throws {
        let places = try Dictionary(uniqueKeysWithValues: supplies().all().map { ($0.name, $0.place) })
        #expect(places["the apt repository of Kubernetes v1.20"] == "/var/cache/kubeforge/lab/apt/core:/stable:/v1.20/deb")
        #expect(places["the archive of debian-13"] == "/var/cache/kubeforge/lab/apt/debian/dists/trixie")
        #expect(places["the archive of debian-12"] == "/var/cache/kubeforge/lab/apt/debian/dists/bookworm")
        #expect(places["the archive of ubuntu-24.04-stand-in"] == "/var/cache/kubeforge/lab/apt/ubuntu/dists/noble")
        #expect(places["Docker's repository for debian-12"] == "/var/cache/kubeforge/lab/apt/linux/debian/dists/bookworm")
        #expect(places["Docker's repository for ubuntu-24.04-stand-in"] == "/var/cache/kubeforge/lab/apt/linux/ubuntu/dists/noble")
        #expect(places["the index of Python wheels"] == "/var/cache/kubeforge/lab/apt/simple")
        #expect(places["Kubernetes 1.20.2"] == "/var/cache/kubeforge/lab/kubernetes/1.20.2")
    }

    @Test("are of the distributions that the machines have, and of Debian 12 where the service's image takes packages")
    func distributions() throws {
        let trixie = ["debian/dists/trixie", "linux/debian/dists/trixie"]
        let bookworm = ["debian/dists/bookworm", "linux/debian/dists/bookworm"]
        #expect(try places(LabSettings()) == trixie)
        #expect(try places(LabSettings(hosts: ["kubnode": .init(distribution: .debian12)])) == trixie + bookworm)
        #expect(
            try places(LabSettings(distribution: .debian12, hosts: ["kubnode": .init(distribution: .ubuntuStandIn)]))
                == bookworm + ["ubuntu/dists/noble", "linux/ubuntu/dists/noble"])
        let mirror = Mirrors.AptRepository(url: "http://10.77.0.1:8000/debian", key: .file(path: "/key.asc"))
        #expect(try places(LabSettings(), mirrors: Mirrors(debian: mirror)) == trixie + bookworm)
    }

    @Test("take from Debian 12 no package that only newer releases have, and from the others these, too")
    func newerPackages() throws {
        let all = try supplies().all()
        func packages(_ distribution: String) throws -> Set<String> {
            let archive = try #require(all.first { $0.name == "the archive of \(distribution)" })
            return Set(try #require(archive.values["packages"]).split(separator: " ").map(String.init))
        }
        #expect(try packages("debian-12") == Set(Recipes.debianPackages))
        for distribution in ["debian-13", "ubuntu-24.04-stand-in"] {
            #expect(try packages(distribution) == Set(Recipes.debianPackages + ["docker-cli", "docker-buildx"]))
        }
    }

    @Test("are made again if what they are made from changes, and not otherwise")
    func digests() throws {
        let old = try recipes()
        let new = try recipes { $0["coredns.go"]! += "// changed\n" }
        #expect(try old.workshop() == new.workshop())
        #expect(try source(old) == source(new))
        #expect(try kubernetes(old) == kubernetes(new))
        #expect(try standIns(old).digest != standIns(new).digest)
        #expect(try images(old).digest != images(new).digest)
    }

    @Test("keep their signing key when the workshop gets another tool")
    func key() throws {
        let old = try recipes()
        let new = try recipes { $0["workshop.sh"]! += "# changed\n" }
        #expect(try old.workshop().digest != new.workshop().digest)
        #expect(try old.signingKey(old.workshop()) == new.signingKey(new.workshop()))
    }

    @Test("of a second patch release come from the same source, and stand beside the first in one repository")
    func patchReleases() throws {
        let recipes = try recipes()
        let workshop = try recipes.workshop()
        let second = try recipes.kubernetes(Version(1, 20, 3), source: source(recipes), workshop: workshop)
        #expect(second.place == "/var/cache/kubeforge/lab/kubernetes/1.20.3")
        #expect(try second.digest != kubernetes(recipes).digest)

        let packages = try recipes.kubernetesPackages(
            Version(1, 20, 3), kubernetes: second, standIns: standIns(recipes), workshop: workshop)
        let repository = try recipes.kubernetesRepository(
            Version(1, 20, 3), own: recipes.packageFolder(packages),
            others: [Version(1, 20, 2): recipes.packageFolder(place: recipes.packages(of: Version(1, 20, 2)), digest: "digest")],
            key: recipes.signingKey(workshop), workshop: workshop)
        #expect(
            repository.values["debs"]
                == "/var/cache/kubeforge/lab/packages/kubernetes-1.20.2 /var/cache/kubeforge/lab/packages/kubernetes-1.20.3")
    }

    @Test("of images are put into the registry again when somebody adds an archive")
    func archives() throws {
        let recipes = try recipes()
        let workshop = try recipes.workshop()
        var brought = BroughtRelease(version: Version(1, 20, 2), folder: "/home/me/lab")
        let none = try recipes.registry(Version(1, 20, 2), layouts: [images(recipes)], brought: brought, workshop: workshop)
        brought.archives = [
            BroughtArchive(
                path: "/home/me/lab/images/coredns.tar", stamp: "1 2", transport: "docker-archive", names: ["coredns/coredns:1.7.0"])
        ]
        let one = try recipes.registry(Version(1, 20, 2), layouts: [images(recipes)], brought: brought, workshop: workshop)
        #expect(none.digest != one.digest)
    }

    @Test("tell lists apart that look alike when they are joined")
    func unambiguousDigest() {
        #expect(Recipes.digest(["ab", "c"]) != Recipes.digest(["a", "bc"]))
        #expect(Recipes.digest(["a"]) != Recipes.digest(["a", ""]))
    }

    @Test("name every script and file that there is")
    func files() throws {
        let recipes = try recipes()
        let read = ["make.sh", "in-workshop.sh"]
        for supply in try supplies().all() { _ = try recipes.text(supply.script) }
        for file in read { _ = try recipes.text(file) }
        #expect(throws: Problem.self) { try recipes.text("nonsense.sh") }
    }

    private func supplies(_ distributions: [LabSettings.Distribution] = LabSettings.Distribution.allCases) throws -> Supplies {
        try Supplies(
            cache: cache, computer: ThisComputer(), templates: Templates(), kubernetes: Version(1, 20, 2), distributions: distributions)
    }

    private func places(_ lab: LabSettings, mirrors: Mirrors = Mirrors()) throws -> [String] {
        var cluster = SampleLab.cluster()
        cluster.lab = lab
        cluster.mirrors = mirrors
        let site = try Site(
            cluster: cluster, cache: cache, operatorFiles: SampleLab.operatorFiles, computer: ThisComputer(), templates: Templates())
        let apt = cache.apt + "/"
        return try Supplies(site).all().map(\.place).filter { $0.contains("/dists/") }.map { String($0.dropFirst(apt.count)) }
    }

    private func recipes(_ change: (inout [String: String]) -> Void = { _ in }) throws -> Recipes {
        var texts = try Templates().folder("lab/supplies")
        change(&texts)
        return Recipes(cache: cache, texts: texts)
    }

    private func source(_ recipes: Recipes) throws -> Supply { try recipes.kubernetesSource(recipes.workshop()) }

    private func kubernetes(_ recipes: Recipes) throws -> Supply {
        try recipes.kubernetes(Version(1, 20, 2), source: source(recipes), workshop: recipes.workshop())
    }

    private func standIns(_ recipes: Recipes) throws -> Supply {
        try recipes.standIns(source: source(recipes), workshop: recipes.workshop())
    }

    private func images(_ recipes: Recipes) throws -> Supply {
        try recipes.kubernetesImages(
            Version(1, 20, 2), kubernetes: kubernetes(recipes), standIns: standIns(recipes), workshop: recipes.workshop())
    }
}
