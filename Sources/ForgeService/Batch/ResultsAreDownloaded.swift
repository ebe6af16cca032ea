import ForgeCore
import ForgePlan
import Foundation

/// A directory on the operator's machine.
package struct Directory: Sendable, Hashable {
    /// The directory as sentences name it.
    let shown: String
    /// Absolute.
    let path: String

    package init(shown: String, path: String) {
        self.shown = shown
        self.path = path
    }
}

/// The answers and the scores of a run lie in a directory of the operator's machine.
struct ResultsAreDownloaded: Step {
    /// What the run brings: the answers, and how good they are.
    private var files: [String] { [run.output.table, "scores.json"] }

    /// What is more than any run has is not written to this computer's disk.
    private static func limit(of file: String) -> Int { file.hasSuffix(".json") ? 1 << 20 : 8 << 30 }

    private let run: BatchRun
    private let directory: Directory
    private let coordinator: BatchCoordinator
    private let limit: Duration
    private let pause: Duration

    init(
        _ run: BatchRun, directory: Directory, within limit: Duration = .seconds(900),
        every pause: Duration = .milliseconds(500)
    ) {
        self.limit = limit
        self.pause = pause
        self.run = run
        self.directory = directory
        coordinator = BatchCoordinator(run)
    }

    var title: String { "the results are in \(directory.shown)" }

    var questions: [Question] { files.map { .command(coordinator.digest(of: $0)) } }

    func differences(given answers: Answers) -> [Difference] {
        files.compactMap { name in
            let answer = answers.command(coordinator.digest(of: name))
            let wanted = answer.text.prefix { $0 != " " }
            guard answer.exitCode == 0, !wanted.isEmpty else { return "\(name) is not ready yet" }
            guard let here = try? FileDigest(of: "\(directory.path)/\(name)") else {
                return "\(name) is not downloaded"
            }
            return here.sha256 == wanted ? nil : "\(name) differs"
        }
    }

    /// All of it beside the old, and then in its place: who has results keeps them until there are new ones.
    func apply(to machine: Machine) async throws {
        try await digestsAreKnown(machine)
        let address = try await coordinator.address(on: machine)
        // Of a name of its own: others download into the same directory, or have such a file there.
        let new = "\(directory.path)/.kubeforge-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: new) }
        try local { files in
            try files.createDirectory(atPath: new, withIntermediateDirectories: true)
        }
        for name in files { try await fetch("\(address)/\(name)", to: "\(new)/\(name)", machine) }
        let scores = try check(new, machine)
        // Never the scores of one run beside the answers of another, whenever this is killed.
        let last = "\(directory.path)/scores.json"
        try local { manager in
            if manager.fileExists(atPath: last) { try manager.removeItem(atPath: last) }
            for name in files {
                let path = "\(directory.path)/\(name)"
                // They came for their owner alone, and may hold the input's columns.
                try manager.setAttributes(
                    [.posixPermissions: Int(WholeFile.usualMode(path))], ofItemAtPath: "\(new)/\(name)")
                try WholeFile.place("\(new)/\(name)", at: path)
            }
        }
        machine.tell(Difference(scores.sentence))
    }

    /// The coordinator counts them when the last shard has come; of a long input that takes a while.
    private func digestsAreKnown(_ machine: Machine) async throws {
        _ = try await machine.poll(within: limit, every: pause) {
            let answers = try await machine.ask(questions)
            return files.allSatisfy { !answers.command(coordinator.digest(of: $0)).text.isEmpty }
        }
    }

    private func fetch(_ url: String, to path: String, _ machine: Machine) async throws {
        let download = coordinator.request(["-sSf"], url).within(.seconds(3600))
        try await machine.run(
            download.writing(toFile: path, atMost: Self.limit(of: path)),
            fix: "is there space left in \(directory.shown)? `df -h` tells")
    }

    /// As many answers as rows: a run that lost some, or had some twice, has no results. Of Parquet, the digest says
    /// so.
    private func check(_ directory: String, _ machine: Machine) throws -> BatchScores {
        let json = FileManager.default.contents(atPath: "\(directory)/scores.json") ?? Data()
        if run.output.isParquet, let scores = BatchScores(json: Array(json)) {
            _ = try RowsFile("\(directory)/\(run.output.table)", as: "\(machine.host.name): \(run.output.table)")
            return scores
        }
        let answers = try FileDigest(of: "\(directory)/predictions.csv").records - 1
        guard let scores = BatchScores(json: Array(json)), scores.rows == answers else {
            let counted = BatchScores(json: Array(json)).map { "\($0.rows)" } ?? "none"
            throw Problem(
                what: "\(machine.host.name): the results of \(run.name) are incomplete",
                why: "predictions.csv has \(answers) rows, and scores.json counts \(counted)", fix: "run it again")
        }
        return scores
    }

    private func local(_ work: (FileManager) throws -> Void) throws(Problem) {
        do { try work(.default) } catch {
            throw Problem(
                what: "\(directory.path) cannot be written",
                why: (error as? WholeFile.Failure)?.reason ?? error.localizedDescription,
                fix: "name a directory that you may write: --results DIR")
        }
    }
}
