import ForgeCore
import ForgeInventory

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
    var folder = ""

    init() {}

    static func take(_ survey: Survey, computer: LocalHost, cache: Cache) async throws -> ArtifactPreconditions {
        var taken = ArtifactPreconditions()
        taken.freeDisk = survey.freeDisk
        taken.freeMemory = survey.freeMemory
        taken.folder = cache.root
        // What comes now runs programs that the survey did not find.
        guard survey.isLinux, survey.missingPrograms.isEmpty else { return taken }
        if !computer.exists(keyring) { taken.missingPackages.append("debian-archive-keyring") }
        let pip = try await computer.run(Command("python3", "-m", "pip", "--version"))
        if !pip.isSuccess { taken.missingPackages.append("python3-pip") }
        // By apt's own way, which may lead through a proxy.
        let fetch =
            """
            folder=$(mktemp -d) && trap 'rm -rf \"$folder\"' EXIT && /usr/lib/apt/apt-helper download-file \(archive) \
            \"$folder/it\"
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
            what: "too little disk space in \(folder) to make the lab's packages and images",
            why: "\(freeDisk.gibibytes) are free, \(Self.disk.gibibytes) are needed",
            fix: "set KUBEFORGE_CACHE to a folder on a larger disk")
    }

    private var room: Problem? {
        guard let freeMemory, freeMemory < Self.memory else { return nil }
        return Problem(
            what: "too little memory to build Kubernetes",
            why: "\(freeMemory.gibibytes) are free, \(Self.memory.gibibytes) are needed",
            fix: "end something")
    }
}
