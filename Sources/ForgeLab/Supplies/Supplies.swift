import ForgeCore
import ForgeInventory
import ForgeTemplates

/// What the lab's servers offer, packages and images, made once for every lab of this computer.
struct Supplies: Sendable {
    private let cache: Cache
    private let computer: ThisComputer
    private let templates: Templates
    private let version: Version
    private let distributions: [LabSettings.Distribution]
    /// Where the operator puts what the lab cannot make.
    private let broughtFolder: String

    /// `kubernetes` and `distributions` are what the lab's machines shall find.
    init(
        cache: Cache, computer: ThisComputer, templates: Templates, kubernetes version: Version, distributions: [LabSettings.Distribution],
        broughtFolder: String? = nil
    ) {
        self.cache = cache
        self.computer = computer
        self.templates = templates
        self.version = version
        self.distributions = distributions
        self.broughtFolder = broughtFolder ?? cache.root
    }

    /// What the machines of the site are installed with, and the service's image, which is a Debian 12, where it is built with the lab's archive.
    init(_ site: Site) {
        var wanted = Set(site.installations.map(\.distribution))
        if site.cluster.mirrors.debian != nil { wanted.insert(.debian12) }
        self.init(
            cache: site.cache, computer: site.computer, templates: site.templates, kubernetes: site.cluster.kubernetes,
            distributions: LabSettings.Distribution.allCases.filter(wanted.contains), broughtFolder: site.operatorFiles.root)
    }

    /// Makes those that are not there; the rest is told in one line.
    func make(progress: LabProgress) async throws {
        let brought = try await brought()
        let all = try self.all(brought)
        let maker = SupplyMaker(cache: cache, computer: computer)
        let unmade = all.filter { !maker.isMade($0) }
        let whose = brought.hasPackages ? ", as they were brought," : ""
        if unmade.isEmpty { progress.alreadySo("packages and images for Kubernetes \(version)\(whose) are there") }
        if !unmade.isEmpty { try maker.write(files()) }
        for supply in unmade { try await maker.make(supply, progress: progress) }
        try publishKey()
    }

    /// What is missing on this computer to make those that are not there.
    func missing(_ survey: Survey) async throws -> [Problem] {
        let maker = SupplyMaker(cache: cache, computer: computer)
        let brought = try await brought()
        if !brought.hasPackages, version.minorName != Recipes.kubernetesMinor.minorName {
            return [brought.missingPackages].compactMap { $0 }
        }
        guard try !all(brought).allSatisfy(maker.isMade) else { return [] }
        let computers = try await SupplyPreconditions.take(survey, computer: computer, cache: cache).findings
        return try await lacking(brought) + computers
    }

    /// What of a brought release is not there; its own kubeadm knows its images.
    private func lacking(_ brought: BroughtRelease) async throws -> [Problem] {
        guard brought.hasPackages else { return [] }
        if let packages = brought.missingPackages { return [packages] }
        let kubeadm = brought.packages.first { $0.name == "kubeadm" && $0.version.hasPrefix("\(version)-") }
        guard let kubeadm else { return [] }
        return [brought.missingImages(try await kubeadm.images(version, computer))].compactMap { $0 }
    }

    private func brought() async throws -> BroughtRelease {
        try await BroughtRelease.take(version, folder: broughtFolder, computer)
    }

    /// In the order in which they can be made.
    func all(_ brought: BroughtRelease? = nil) throws(Problem) -> [Supply] {
        let recipes = Recipes(cache: cache, texts: files())
        let brought = brought ?? BroughtRelease(version: version, folder: broughtFolder)
        let workshop = try recipes.workshop()
        let key = try recipes.signingKey(workshop)
        var all = [workshop, key]
        for distribution in distributions {
            all.append(try recipes.archive(distribution, key: key, workshop: workshop))
            all.append(try recipes.dockerRepository(distribution, key: key, workshop: workshop))
        }
        all.append(try recipes.wheels(requirements: templates["service/requirements.txt"].text))
        if !brought.isEmpty { all.append(try recipes.brought(brought)) }
        let release = try release(brought, recipes, key: key, workshop: workshop)
        return all + release
    }

    /// Packages and images of Kubernetes, of the pod network and of the service's base: as they were brought, and the rest as the lab makes it.
    private func release(_ brought: BroughtRelease, _ recipes: Recipes, key: Supply, workshop: Supply) throws(Problem) -> [Supply] {
        let source = try recipes.kubernetesSource(workshop)
        let standIns = try recipes.standIns(source: source, workshop: workshop)
        var made: [Supply] = []
        var layouts: [Supply] = []
        if !brought.hasImage("library/python") { layouts.append(try recipes.pythonImage(workshop)) }
        if !brought.hasImage("library/registry") { layouts.append(try recipes.registryImage(workshop)) }
        if !Recipes.flannelImages.allSatisfy(brought.hasImage) {
            made += [source, standIns]
            layouts.append(try recipes.flannelImages(standIns: standIns, workshop: workshop))
        }
        let packages: Supply
        if brought.hasPackages {
            packages = try recipes.brought(brought)
        } else {
            let kubernetes = try recipes.kubernetes(version, source: source, workshop: workshop)
            packages = try recipes.kubernetesPackages(version, kubernetes: kubernetes, standIns: standIns, workshop: workshop)
            layouts.append(try recipes.kubernetesImages(version, kubernetes: kubernetes, standIns: standIns, workshop: workshop))
            made = [source, standIns, kubernetes, packages]
        }
        let own = recipes.packageFolder(packages)
        return try made + layouts + [
            recipes.kubernetesRepository(version, own: own, others: otherVersions(recipes), key: key, workshop: workshop),
            recipes.registry(version, layouts: layouts, brought: brought, workshop: workshop),
        ]
    }

    private func files() -> [String: String] { templates.folder("lab/supplies") }

    /// Versions of the same minor release that were made or brought for other labs.
    private func otherVersions(_ recipes: Recipes) -> [Version: Recipes.PackageFolder] {
        let made = computer.names(in: recipes.packages).compactMap { Version(String($0.dropFirst(Recipes.packagePrefix.count))) }
        let brought = computer.names(in: recipes.broughtReleases).compactMap { Version($0) }
        var others: [Version: Recipes.PackageFolder] = [:]
        for other in Set(made + brought) where other != version && other.minorName == version.minorName {
            // What was brought wins.
            others[other] = [recipes.broughtPlace(other), recipes.packages(of: other)].lazy.compactMap { place in
                computer.read("\(place)/.made").map { recipes.packageFolder(place: place, digest: $0) }
            }.first { folder in computer.names(in: folder.path).contains { $0.hasSuffix(".deb") } }
        }
        return others
    }

    /// Where Docker's instructions look for it.
    private func publishKey() throws(Problem) {
        guard let key = computer.read("\(cache.gnupg)/key.asc") else { return }
        for id in Set(distributions.map(\.id)) where computer.read("\(cache.apt)/linux/\(id)/gpg") != key {
            try computer.replace("\(cache.apt)/linux/\(id)/gpg", with: key)
        }
    }
}
