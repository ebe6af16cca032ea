import ForgeCore
import ForgeInventory
import ForgeTemplates

/// What the lab's servers offer, packages and images, made once for every lab of this computer.
struct Artifacts: Sendable {
    private let cache: Cache
    private let computer: LocalHost
    private let templates: Templates
    private let version: Version
    private let distributions: [LabSettings.Distribution]
    /// Where the operator puts what the lab cannot make.
    private let broughtDirectory: String

    /// `kubernetes` and `distributions` are what the lab's machines shall find.
    init(
        cache: Cache, computer: LocalHost, templates: Templates, kubernetes version: Version,
        distributions: [LabSettings.Distribution],
        broughtDirectory: String? = nil
    ) {
        self.cache = cache
        self.computer = computer
        self.templates = templates
        self.version = version
        self.distributions = distributions
        self.broughtDirectory = broughtDirectory ?? cache.root
    }

    /// What the machines of the site are installed with, and the service's image, which is a Debian 13, where it is
    /// built with the lab's archive.
    init(_ layout: LabLayout) {
        var wanted = Set(layout.installations.map(\.distribution))
        if layout.cluster.mirrors.debian != nil { wanted.insert(.debian13) }
        self.init(
            cache: layout.cache, computer: layout.computer, templates: layout.templates,
            kubernetes: layout.cluster.kubernetes,
            distributions: LabSettings.Distribution.allCases.filter(wanted.contains),
            broughtDirectory: layout.operatorFiles.root)
    }

    /// Makes those that are not there; the rest is told in one line.
    func make(progress: LabProgress) async throws {
        let brought = try await brought()
        let all = try self.all(brought)
        let maker = ArtifactBuilder(cache: cache, computer: computer)
        let unmade = all.filter { !maker.isMade($0) }
        let whose = brought.hasPackages ? ", as they were brought," : ""
        if unmade.isEmpty { progress.unchanged("packages and images for Kubernetes \(version)\(whose) are present") }
        if !unmade.isEmpty { try maker.write(files()) }
        for artifact in unmade { try await maker.make(artifact, progress: progress) }
        try publishKey()
    }

    /// What is missing on this computer to make those that are not there.
    func missing(_ survey: Survey) async throws -> [Problem] {
        let maker = ArtifactBuilder(cache: cache, computer: computer)
        let brought = try await brought()
        if !brought.hasPackages, version.minorName != BuildRules.kubernetesMinor.minorName {
            return [brought.missingPackages].compactMap { $0 }
        }
        guard try !all(brought).allSatisfy(maker.isMade) else { return [] }
        let computers = try await ArtifactPreconditions.take(survey, computer: computer, cache: cache).findings
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
        try await BroughtRelease.take(version, directory: broughtDirectory, computer)
    }

    /// In the order in which they can be made.
    func all(_ brought: BroughtRelease? = nil) throws(Problem) -> [Artifact] {
        let rules = BuildRules(cache: cache, texts: files())
        let brought = brought ?? BroughtRelease(version: version, directory: broughtDirectory)
        let buildRoot = try rules.buildRoot()
        let key = try rules.signingKey(buildRoot)
        var all = [buildRoot, key]
        for distribution in distributions {
            all.append(try rules.archive(distribution, key: key, buildRoot: buildRoot))
            all.append(try rules.dockerRepository(distribution, key: key, buildRoot: buildRoot))
        }
        all.append(try rules.wheels(requirements: templates["service/requirements.txt"].text))
        if !brought.isEmpty { all.append(try rules.brought(brought)) }
        let release = try release(brought, rules, key: key, buildRoot: buildRoot)
        return all + release
    }

    /// Packages and images of Kubernetes, of the pod network and of the service's base: as they were brought, and the
    /// rest as the lab makes it.
    private func release(_ brought: BroughtRelease, _ rules: BuildRules, key: Artifact, buildRoot: Artifact)
        throws(Problem) -> [Artifact]
    {
        let source = try rules.kubernetesSource(buildRoot)
        let standIns = try rules.standIns(source: source, buildRoot: buildRoot)
        var made: [Artifact] = []
        var layouts: [Artifact] = []
        if !brought.hasImage("library/python") { layouts.append(try rules.pythonImage(buildRoot)) }
        if !brought.hasImage("library/registry") { layouts.append(try rules.registryImage(buildRoot)) }
        if !BuildRules.flannelImages.allSatisfy(brought.hasImage) {
            made += [source, standIns]
            layouts.append(try rules.flannelImages(standIns: standIns, buildRoot: buildRoot))
        }
        let packages: Artifact
        if brought.hasPackages {
            packages = try rules.brought(brought)
        } else {
            let kubernetes = try rules.kubernetes(version, source: source, buildRoot: buildRoot)
            packages = try rules.kubernetesPackages(
                version, kubernetes: kubernetes, standIns: standIns, buildRoot: buildRoot)
            layouts.append(
                try rules.kubernetesImages(version, kubernetes: kubernetes, standIns: standIns, buildRoot: buildRoot))
            made = [source, standIns, kubernetes, packages]
        }
        let own = rules.packageDirectory(packages)
        return try made + layouts + [
            rules.kubernetesRepository(version, own: own, others: otherVersions(rules), key: key, buildRoot: buildRoot),
            rules.registry(version, layouts: layouts, brought: brought, buildRoot: buildRoot),
        ]
    }

    private func files() -> [String: String] { templates.directory("lab/build") }

    /// Versions of the same minor release that were made or brought for other labs.
    private func otherVersions(_ rules: BuildRules) -> [Version: BuildRules.PackageDirectory] {
        let made = computer.names(in: rules.packages).compactMap {
            Version(String($0.dropFirst(BuildRules.packagePrefix.count)))
        }
        let brought = computer.names(in: rules.broughtReleases).compactMap { Version($0) }
        var others: [Version: BuildRules.PackageDirectory] = [:]
        for other in Set(made + brought) where other != version && other.minorName == version.minorName {
            // What was brought wins.
            others[other] = [rules.broughtPlace(other), rules.packages(of: other)].lazy.compactMap { place in
                computer.read("\(place)/.made").map { rules.packageDirectory(place: place, digest: $0) }
            }.first { directory in computer.names(in: directory.path).contains { $0.hasSuffix(".deb") } }
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

/// What keeps supplies from being made on a computer: all findings at once, before anything is changed.
struct ArtifactPreconditions: Sendable, Hashable {
    /// Bytes for sources, compiled packages, archives and images.
    private static let disk = 10 << 30
    /// Bytes for linking the API server.
    private static let memory = 3 << 30
    static let keyring = "/usr/share/keyrings/debian-archive-keyring.gpg"
    static let archive = "http://deb.debian.org/debian/dists/bookworm/InRelease"

    /// Debian and Ubuntu packages that are not installed.
    var missingPackages: [String] = []
    /// The last words of the attempt to fetch from Debian's archive; nil if it went well.
    var archiveError: String?
    var freeDisk: Int?
    var freeMemory: Int?
    var directory = ""

    init() {}

    static func take(_ survey: Survey, computer: LocalHost, cache: Cache) async throws -> ArtifactPreconditions {
        var taken = ArtifactPreconditions()
        taken.freeDisk = survey.freeDisk
        taken.freeMemory = survey.freeMemory
        taken.directory = cache.root
        // What comes now runs programs that the survey did not find.
        guard survey.isLinux, survey.missingPrograms.isEmpty else { return taken }
        if !computer.exists(keyring) { taken.missingPackages.append("debian-archive-keyring") }
        let pip = try await computer.run(Command("python3", "-m", "pip", "--version"))
        if !pip.isSuccess { taken.missingPackages.append("python3-pip") }
        // By apt's own way, which may lead through a proxy.
        let fetch =
            """
            \(ShellFunction.endsBySignal)
            directory=$(mktemp -d) && trap 'rm -rf \"$directory\"' EXIT && /usr/lib/apt/apt-helper download-file \
            \(archive) \"$directory/it\"
            """
        let answer = try await computer.run(Command("sh", "-c", Word(fetch)))
        if !answer.isSuccess { taken.archiveError = answer.lastLine ?? "\(answer.exit)" }
        return taken
    }

    var findings: [Problem] { [packages, reach, space, room].compactMap { $0 } }

    private var packages: Problem? {
        guard !missingPackages.isEmpty else { return nil }
        return Problem(
            what: "packages that the lab's supplies need are not installed: \(missingPackages.joined(separator: ", "))",
            fix: "apt-get install -y --no-install-recommends \(missingPackages.joined(separator: " "))")
    }

    private var reach: Problem? {
        archiveError.map {
            Problem(
                what: "Debian's archive cannot be reached, and the lab's packages are not made yet", why: $0,
                fix: "see that apt can fetch \(Self.archive) (a proxy belongs into /etc/apt/apt.conf.d)")
        }
    }

    private var space: Problem? {
        guard let freeDisk, freeDisk < Self.disk else { return nil }
        return Problem(
            what: "too little disk space in \(directory) to make the lab's packages and images",
            why: "\(ByteCount(freeDisk).gibibytes) are free, \(ByteCount(Self.disk).gibibytes) are needed",
            fix: "set KUBEFORGE_CACHE to a directory on a larger disk")
    }

    private var room: Problem? {
        guard let freeMemory, freeMemory < Self.memory else { return nil }
        return Problem(
            what: "too little memory to build Kubernetes",
            why: "\(ByteCount(freeMemory).gibibytes) are free, \(ByteCount(Self.memory).gibibytes) are needed",
            fix: "free some memory")
    }
}
