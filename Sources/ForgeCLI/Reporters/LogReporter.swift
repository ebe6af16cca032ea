import ForgeCore
import ForgePlan
import Foundation
import Logging
import Synchronization

/// Everything that happens, with every line that commands print, into a file.
package final class LogReporter: Reporter {
    private let file: LogFile
    private let now: @Sendable () -> Date
    private let keepsPodLines: Bool
    private let limit: Int
    private let state = Mutex(State())

    private struct State {
        var written = 0
        /// Lines that have no room.
        var lost = 0
        /// Lines that could not be written, and why the first could not.
        var failed = 0
        var reason = ""
    }

    /// `keepsPodLines`: for lines that have an end; those of a service are kept by the cluster.
    /// `limit`: bytes after which lines that programs print are only counted; a machine may print for ever.
    package init(
        _ file: LogFile, now: @escaping @Sendable () -> Date, keepsPodLines: Bool = false, limit: Int = 100 << 20
    ) {
        self.file = file
        self.limit = limit
        self.keepsPodLines = keepsPodLines
        self.now = now
    }

    /// The path of the log file, for the last line of a run and for problems.
    package var path: String { file.path }

    /// Every event becomes one or more lines, each with the time before it. Lines of programs are left out beyond the
    /// limit.
    package func report(_ event: Event) {
        switch event {
        case .podLine where !keepsPodLines: return
        case .podLine, .output: if isFull { return }
        case .summary: if let sentence = loss { write(sentence) }
        default: break
        }
        for line in event.mapTexts(\.readable).logLines { write(line) }
    }

    /// A line of diagnostics or of an event, with the time before it.
    package func write(_ line: String) {
        let line = line.readable.split(separator: "\n", omittingEmptySubsequences: false).joined(separator: " ⏎ ")
        let time = now().formatted(.iso8601.time(includingFractionalSeconds: true))
        let text = "\(time)  \(line)\n"
        let failure = file.write(text)
        state.withLock { state in
            state.written += text.utf8.count
            guard let failure else { return }
            if state.failed == 0 { state.reason = failure }
            state.failed += 1
        }
    }

    /// What is not in the log; nil where all of it is.
    package var loss: String? {
        let state = state.withLock { $0 }
        let size = ByteCount(limit).mebibytes
        let (lost, failed) = (state.lost, state.failed)
        let printed = lost == 1 ? "1 line that programs printed is" : "\(lost) lines that programs printed are"
        let full = "\(printed) not in the log, which has reached \(size)"
        let lines = failed == 1 ? "1 line is" : "\(failed) lines are"
        let broken = "\(lines) not in the log, which cannot be written: \(state.reason)"
        let losses = [lost > 0 ? full : nil, failed > 0 ? broken : nil].compactMap { $0 }
        return losses.isEmpty ? nil : losses.joined(separator: "\n")
    }

    private var isFull: Bool {
        state.withLock { state in
            if state.written < limit { return false }
            state.lost += 1
            return true
        }
    }
}

extension Event {
    fileprivate var logLines: [String] {
        switch self {
        case .note(let text): text.split(separator: "\n").map(String.init)
        case .stageBegan(let name): ["== \(name)"]
        case .stepBegan(let host, let title): ["\(host)  began \(title)"]
        case .output(let host, let line): ["\(host)  \(line.stream == .standardError ? "!" : "|") \(line.text)"]
        case .step(let report): report.logLines
        case .check(let check): CheckTable(columns: nil, style: TextStyle(isOn: false)).lines(check)
        case .confusion(let matrix):
            ["\(matrix.model): \(Seconds.rounded(matrix.accuracy, digits: 3)) of \(matrix.rows) rows"]
        case .table(let table): TableLines(table: table, style: TextStyle(isOn: false)).lines
        case .load(let report): LoadChart(report: report).lines
        case .podLine(let line): ["\(line.pod)  | \(line.text)"]
        case .problem(let problem, _): ProblemText(problem: problem).lines
        case .summary(let summary): summary.logLines
        }
    }
}

extension StepReport {
    fileprivate var logLines: [String] {
        let line = StepLine(report: self, hostColumns: 0, columns: nil, style: TextStyle(isOn: false)).lines
        let left = outcome == .failed ? differences.map { "      requirement not met: \($0.text)" } : []
        return line + left + (problem.map { ProblemText(problem: $0).lines } ?? [])
    }
}

extension Summary {
    fileprivate var logLines: [String] {
        ["== \(outcome.rawValue)"] + hosts.sorted { $0.key < $1.key }.map { "\($0): \($1.counts)" }
    }
}

extension HostSummary {
    fileprivate var counts: String {
        """
        \(changed) changed, \(wouldChange) would change, \(unchanged) unchanged, \(failed) failed; \
        \(traffic.roundTrips) round trips, \(traffic.bytesSent) bytes sent, \(traffic.bytesReceived) received
        """
    }
}

/// The file of one run's log, for this user only. The last twenty runs are kept.
package final class LogFile: Sendable {
    private static let kept = 20

    /// Absolute; another run of the same second and command gets a number at the end of its name.
    package let path: String
    private let descriptor: Int32

    /// Its name is the time in UTC and the command, so that names sort by age: `2026-11-21T09-12-03-provision.log`.
    package convenience init(action: String, at time: Date, in directory: StateDirectory) throws(Problem) {
        try directory.make()
        let stamp = Self.stamp(time)
        var (path, number) = ("\(directory.logs)/\(stamp)-\(action).log", 1)
        var descriptor = Self.create(path)
        while descriptor < 0 && errno == EEXIST {
            number += 1
            path = "\(directory.logs)/\(stamp)-\(action)-\(number).log"
            descriptor = Self.create(path)
        }
        guard descriptor >= 0 else {
            throw Problem(
                what: "cannot create the log \(path)", why: String(cString: strerror(errno)), fix: directory.cure)
        }
        if let owner = WholeFile.newOwner(path) { fchown(descriptor, owner.user, owner.group) }
        self.init(path, descriptor)
        Self.removeOld(in: directory.logs)
    }

    /// Takes the descriptor over.
    init(_ path: String, _ descriptor: Int32) { (self.path, self.descriptor) = (path, descriptor) }

    /// Why the text is not in the file; nil when it is.
    func write(_ text: String) -> String? {
        writeAll(text, to: descriptor) ? nil : String(cString: strerror(errno))
    }

    deinit { close(descriptor) }

    private static func create(_ path: String) -> Int32 {
        open(path, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0o600)
    }

    private static func stamp(_ time: Date) -> String {
        String(time.formatted(.iso8601).dropLast()).replacing(":", with: "-")
    }

    private static func removeOld(in directory: String) {
        let logs = ((try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []).filter {
            $0.hasSuffix(".log")
        }.sorted()
        for name in logs.dropLast(kept) { try? FileManager.default.removeItem(atPath: directory + "/" + name) }
    }
}

/// swift-log's lines, as lines of the log and, with `--verbose`, of standard error.
struct Diagnostics: LogHandler {
    let write: @Sendable (String) -> Void
    var logLevel = Logger.Level.debug
    var metadata: Logger.Metadata = [:]

    init(_ write: @escaping @Sendable (String) -> Void) { self.write = write }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) { write("\(event.level): \(event.message)") }
}
