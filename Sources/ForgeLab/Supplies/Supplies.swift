import ForgeCore
import ForgeInventory
import ForgeTemplates

/// What the lab's servers offer, packages and images, made once for every lab of this computer.
struct Supplies: Sendable {
    private let cache: Cache
    private let computer: ThisComputer
    private let templates: Templates
    private let version: Version

    /// `kubernetes` is the version that the lab's machines shall find.
    init(cache: Cache, computer: ThisComputer, templates: Templates, kubernetes version: Version) {
        self.cache = cache
        self.computer = computer
        self.templates = templates
        self.version = version
    }

    /// Makes those that are not there; the rest is told in one line.
    func make(progress: LabProgress) async throws {
        let all = try self.all()
        let maker = SupplyMaker(cache: cache, computer: computer)
        let unmade = all.filter { !maker.isMade($0) }
        if unmade.isEmpty { progress.alreadySo("packages and images for Kubernetes \(version) are there") }
        if !unmade.isEmpty { try maker.write(files()) }
        for supply in unmade { try await maker.make(supply, progress: progress) }
        try publishKey()
    }

    /// What is missing on this computer to make those that are not there.
    func missing(_ survey: Survey) async throws -> [Problem] {
        let maker = SupplyMaker(cache: cache, computer: computer)
        guard version.minorName == Recipes.kubernetesMinor.minorName else { return [SupplyPreconditions.otherMinor(version)] }
        guard try !all().allSatisfy(maker.isMade) else { return [] }
        return try await SupplyPreconditions.take(survey, computer: computer, cache: cache).findings
    }

    /// In the order in which they can be made.
    func all() throws(Problem) -> [Supply] {
        let recipes = Recipes(cache: cache, texts: files())
        let workshop = try recipes.workshop()
        let source = try recipes.kubernetesSource(workshop)
        let standIns = try recipes.standIns(source: source, workshop: workshop)
        let kubernetes = try recipes.kubernetes(version, source: source, workshop: workshop)
        let key = try recipes.signingKey(workshop)
        let packages = try recipes.kubernetesPackages(version, kubernetes: kubernetes, standIns: standIns, workshop: workshop)
        let images = try recipes.kubernetesImages(version, kubernetes: kubernetes, standIns: standIns, workshop: workshop)
        let python = try recipes.pythonImage(workshop)
        let registry = try recipes.registryImage(workshop)
        return [
            workshop, key, try recipes.debianArchive(key: key, workshop: workshop),
            try recipes.dockerRepository(key: key, workshop: workshop),
            try recipes.wheels(requirements: templates["service/requirements.txt"].text), python, registry, source, kubernetes, standIns,
            packages,
            try recipes.kubernetesRepository(version, packages: packages, others: otherVersions(recipes), key: key, workshop: workshop),
            images,
            try recipes.registry(version, layouts: [python, registry, images], archives: archives, workshop: workshop),
        ]
    }

    private func files() -> [String: String] { templates.folder("lab/supplies") }

    /// Versions of the same minor release that were made for other labs, with the digests of their packages.
    private func otherVersions(_ recipes: Recipes) -> [String: String] {
        let prefix = "kubernetes-"
        let names = computer.names(in: "\(cache.root)/packages").filter { $0.hasPrefix(prefix) }
        let others = names.compactMap { Version(String($0.dropFirst(prefix.count))) }.filter {
            $0 != version && $0.minorName == version.minorName
        }
        return Dictionary(
            uniqueKeysWithValues: others.compactMap { other in
                computer.read("\(recipes.packages(of: "\(other)"))/.made").map { ("\(other)", $0) }
            })
    }

    private var archives: [String] {
        computer.names(in: cache.images).filter { $0.hasSuffix(".tar") }.map { "\($0) \(computer.stamp("\(cache.images)/\($0)"))" }
    }

    /// Beside the repositories, for those who write an inventory.
    private func publishKey() throws(Problem) {
        let published = "\(cache.apt)/key.asc"
        guard let key = computer.read("\(cache.gnupg)/key.asc"), key != computer.read(published) else { return }
        try computer.replace(published, with: key)
    }
}
