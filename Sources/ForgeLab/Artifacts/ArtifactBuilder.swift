import ForgeCore

/// Runs the scripts that make supplies, and tells how long they have been at it.
struct ArtifactBuilder: Sendable {
    /// Long enough not to flood a log, short enough to see that it is alive.
    private static let tellEvery = Duration.seconds(10)
    /// Kubernetes takes minutes on two cores, and another kubeforge may be at it: nothing that still works takes as
    /// long as this.
    private static let limit = Duration.seconds(4 * 3600)

    let cache: Cache
    let computer: LocalHost

    private var directory: String { "\(cache.root)/supplies" }

    func isMade(_ artifact: Artifact) -> Bool { computer.read(artifact.seal) == artifact.digest }

    /// The scripts and what they read, where a shell finds them.
    func write(_ files: [String: String]) throws(Problem) {
        for (name, text) in files where computer.read("\(directory)/files/\(name)") != text {
            try computer.replace("\(directory)/files/\(name)", with: text)
        }
    }

    func make(_ artifact: Artifact, progress: LabProgress) async throws {
        try await progress.during(artifact.title, usually: "\(artifact.usually), once") {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await run(artifact) }
                group.addTask { try await tell(artifact, progress) }
                try await group.next()
                group.cancelAll()
            }
        }
    }

    private func run(_ artifact: Artifact) async throws {
        let log = log(artifact)
        try computer.replace(log, with: "")
        let values = try values(artifact).map { Word("\($0.key)=\($0.value)") }
        let shell = "log=$1; shift; exec sh \"$@\" >\"$log\" 2>&1"
        let make: [Word] = ["sh", "-c", Word(shell), "sh", Word(log), Word("\(directory)/files/make.sh")]
        let arguments = [cache.root, artifact.place, artifact.digest, artifact.buildRoot ?? "-", artifact.script].map {
            Word($0)
        }
        for directory in [artifact.place, "\(artifact.place).new"] {
            try await Mounts.unmount(below: directory, computer)
        }
        let output = try await computer.run(Command(Mounts.ownNamespace + make + arguments + values).within(Self.limit))
        guard !output.isSuccess else { return }
        throw Problem(
            what: "\(artifact.name) could not be made", why: lastLines(of: log, 5),
            fix: "read \(log), then run the same command again to continue")
    }

    /// Texts of several lines go by way of a file.
    private func values(_ artifact: Artifact) throws(Problem) -> [String: String] {
        var values = artifact.values
        for (key, value) in values where value.contains("\n") {
            let path = "\(directory)/\(artifact.script).\(key)"
            try computer.replace(path, with: value)
            values[key] = path
        }
        return values
    }

    private func tell(_ artifact: Artifact, _ progress: LabProgress) async throws {
        let start = ContinuousClock.now
        while true {
            try await Task.sleep(for: Self.tellEvery)
            let seconds = (ContinuousClock.now - start).components.seconds
            let doing = lastLines(of: log(artifact), 1).map { ": \($0)" } ?? ""
            progress.say("\(artifact.name): \(seconds) s so far, usually \(artifact.usually)\(doing)")
        }
    }

    private func log(_ artifact: Artifact) -> String { "\(directory)/\(artifact.script.split(separator: ".")[0]).log" }

    private func lastLines(of log: String, _ count: Int) -> String? {
        let lines = (computer.read(log) ?? "").split(whereSeparator: \.isNewline).suffix(count)
        return lines.isEmpty ? nil : lines.joined(separator: "\n")
    }
}

/// One thing that the lab's servers offer, or that is needed to make one: a directory, filled by a script, known by a
/// digest of what made it.
struct Artifact: Sendable, Hashable {
    /// A noun in the singular: "Kubernetes 1.20.2".
    let name: String
    /// How long it takes on two cores: "6 min".
    let usually: String
    /// The directory's path.
    let place: String
    /// Below `templates/lab/build`.
    let script: String
    /// The root file system that the script runs in; nil means this computer's own.
    let buildRoot: String?
    /// What the script finds in its environment.
    let values: [String: String]
    /// The digest of the script, the files it reads, the values, and the digests of the supplies it is made from.
    let digest: String

    var title: String { "\(name) is made" }

    /// Written last, with the digest in it.
    var seal: String { "\(place)/.made" }
}
