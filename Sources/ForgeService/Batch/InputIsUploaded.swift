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
        if run.needsParquet, let status = CourierStatus(try await machine.ask(questions).command(coordinator.look)),
            let problem = Problem(withoutParquet: run, status, on: machine.host.name)
        {
            throw problem
        }
        if case .file(let path, let size, let form) = run.input { try await send(path, size, form, to: machine) }
        var status: CourierStatus?
        _ = try await machine.poll(within: limit, every: pause) {
            status = CourierStatus(try await machine.ask(questions).command(coordinator.look))
            if let error = status?.error { throw Problem(refused: run, error, on: machine.host.name) }
            return status?.input != nil
        }
        guard let input = status?.input else { throw late(machine, isSilent: status == nil) }
        machine.tell("\(input.rows) \(input.rows == 1 ? "row" : "rows")\(sent)")
    }

    private var sent: String {
        if case .file(_, let size, _) = run.input { ", \(ByteCount(size)) sent" } else { "" }
    }

    /// Straight from the file into the pod; neither this computer nor the control plane keeps any of it. The
    /// coordinator answers once it has read everything; a refusal is its own sentence.
    private func send(_ path: String, _ size: Int, _ form: RowsFile.Form, to machine: Machine) async throws {
        let address = try await coordinator.address(on: machine)
        let upload = coordinator.request(
            [
                "-sS", "--header", "Content-Type: \(form.mediaType)", "--header", "Expect:", "--upload-file", "-",
                """
                --write-out
                """,
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
        let input = CourierStatus(try await machine.ask(questions).command(coordinator.look))?.input
        // Rows that were packed have another digest as CSV.
        let got = input?.received ?? (form == .plain ? input?.sha256 : nil)
        let own = try FileDigest(of: path)
        guard got == nil || got == own.sha256 else {
            throw Problem(
                what: "\(machine.host.name): \(run.input.name) was corrupted in transfer",
                why: "sha256 is \(got ?? ""), here \(own.sha256)", fix: "is something writing to it? Run it again")
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
    /// The number of records of CSV, the header among them: newlines that no quotes are around.
    let records: Int

    init(of path: String) throws {
        let file = try LocalFile.open(path, O_RDONLY)
        defer { close(file) }
        let sum = SHA256()
        var (size, records, isQuoted) = (0, 0, false)
        while case let piece = try LocalFile.read(file, upTo: 1 << 20), !piece.isEmpty {
            sum.update(piece)
            size += piece.count
            for byte in piece {
                // A quote within a cell is written twice, and changes nothing.
                if byte == UInt8(ascii: "\"") { isQuoted.toggle() }
                if byte == UInt8(ascii: "\n"), !isQuoted { records += 1 }
            }
        }
        (sha256, self.size, self.records) = (sum.finish(), size, records)
    }
}

extension RowsFile.Form {
    fileprivate var mediaType: String {
        switch self {
        case .plain: "text/csv"
        case .gzip: "application/gzip"
        case .parquet: "application/vnd.apache.parquet"
        }
    }
}

extension Problem {
    /// Before anything is sent to an image that could not read it, or not write what is wanted; nil where it can.
    fileprivate init?(withoutParquet run: BatchRun, _ status: CourierStatus, on host: String) {
        let what =
            run.output.isParquet ? "predictions.parquet cannot be written" : "\(run.input.name) cannot be read"
        switch status.parquet {
        case true?: return nil
        // It may read Parquet, and says so when it does not.
        case nil where !run.output.isParquet: return nil
        case nil:
            self.init(
                what: "\(host): \(what)", why: "the deployed release is too old for this",
                fix: "`kubeforge deploy` makes one that can; or leave out --parquet")
        case false?: self.init(withoutPyarrow: "\(host): \(what)")
        }
    }

    /// `what` cannot be done.
    init(withoutPyarrow what: String) {
        self.init(
            what: what, why: "it is Parquet, which needs pyarrow, and the deployed image has none",
            fix: "add pyarrow to requirements.txt of the model directory and deploy; or use CSV")
    }
}
