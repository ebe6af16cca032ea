import ForgeCore
import ForgeInventory
import ForgePlan
import Foundation

/// The coordinator has the rows, whole and right.
struct InputIsUploaded: Step {
    private let run: BatchRun
    private let coordinator: BatchCoordinator
    private let limit: Duration
    private let pause: Duration

    init(_ run: BatchRun, within limit: Duration = .seconds(900), every pause: Duration = .milliseconds(500)) {
        self.run = run
        self.limit = limit
        self.pause = pause
        coordinator = BatchCoordinator(run)
    }

    var title: String { "the cluster has the rows of \(run.input.name)" }

    var questions: [Question] { [.command(coordinator.look)] }

    func differences(given answers: Answers) -> [Difference] {
        CourierStatus(answers.command(coordinator.look))?.input == nil ? ["they are not there yet"] : []
    }

    func apply(to machine: Machine) async throws {
        if case .file(let path, let size) = run.input { try await send(path, size, to: machine) }
        let end = ContinuousClock.now + limit
        while true {
            let status = CourierStatus(try await machine.ask(questions).command(coordinator.look))
            if let error = status?.error { throw Problem(refused: run, error, on: machine.host.name) }
            if let input = status?.input {
                return machine.tell("\(input.rows) \(input.rows == 1 ? "row" : "rows")\(sent)")
            }
            guard ContinuousClock.now < end else { throw late(machine, isSilent: status == nil) }
            try await machine.pause(pause)
        }
    }

    private var sent: String {
        if case .file(_, let size) = run.input { ", \(ByteCount(size)) sent" } else { "" }
    }

    /// Straight from the file into the pod; neither this computer nor the control plane keeps any of it. The
    /// coordinator answers once it has read everything; a refusal is its own sentence.
    private func send(_ path: String, _ size: Int, to machine: Machine) async throws {
        let address = try await coordinator.address(on: machine)
        let upload = coordinator.request(
            [
                "-sS", "--header", "Content-Type: text/csv", "--header", "Expect:", "--upload-file", "-", "--write-out",
                "\\n%{http_code}",
            ],
            "\(address)/input", readsInput: true)
        // What the coordinator answers is for kubeforge, not for who follows the pods.
        let output = try await machine.runUnlogged(upload.reading(.file(path)).within(.seconds(3600 * 6)))
        let lines = output.text.split(whereSeparator: \.isNewline)
        guard lines.last == "200" || lines.last == "201" || lines.last == "204" else {
            throw Problem(
                refused: run, CourierRefusal(lines.dropLast().joined(separator: "\n")).reason, on: machine.host.name)
        }
        let got = CourierStatus(try await machine.ask(questions).command(coordinator.look))?.input?.sha256
        let own = try FileDigest(of: path)
        guard got == nil || got == own.sha256 else {
            throw Problem(
                what: "\(machine.host.name): \(run.input.name) was corrupted in transfer",
                why: "sha256 is \(got ?? ""), here \(own.sha256)", fix: "does somebody write to the file? run it again")
        }
    }

    private func late(_ machine: Machine, isSilent: Bool) -> Problem {
        Problem(
            what:
                "\(machine.host.name): the rows of \(run.input.name) did not come within \(limit.components.seconds) s",
            why: isSilent
                ? "the pod \(run.coordinator) does not answer" : "the pod \(run.coordinator) is still fetching them",
            fix: "run it again")
    }
}

/// The digest and the size of a file on the operator's machine, read piece by piece.
struct FileDigest {
    let sha256: String
    let size: Int
    /// Newlines.
    let lines: Int

    init(of path: String) throws {
        let file = try LocalFile.open(path, O_RDONLY)
        defer { close(file) }
        let sum = SHA256()
        var (size, lines) = (0, 0)
        while case let piece = try LocalFile.read(file, upTo: 1 << 20), !piece.isEmpty {
            sum.update(piece)
            size += piece.count
            lines += piece.count { $0 == UInt8(ascii: "\n") }
        }
        (sha256, self.size, self.lines) = (sum.finish(), size, lines)
    }
}
