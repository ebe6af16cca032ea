import ForgeCore
import ForgePlan
import Foundation
import Synchronization

/// Events for a person: progress on standard error, results on standard output.
package final class ScreenReporter: LiveReporter {
    private let settings: Settings
    private let surroundings: ProcessEnvironment
    private let output: TextPrinter
    private let progress: TextPrinter
    private let state: Mutex<State>
    /// Apart from the rest, which a blocked terminal keeps locked: whoever names hosts does not wait for it.
    private let expected = Mutex<[String]?>(nil)

    /// What the screen shows of a run, and how.
    package struct Settings: Sendable {
        /// The action as it is typed, for the last line: `provision`.
        package var action: String
        /// The differences are then the result, and go to standard output.
        package var isDryRun = false
        /// How much of the run is told; the end is told always.
        package var detail = Detail.normal
        /// Every line that a command prints is what the user wants to see.
        package var showsOutput = false
        /// Colours are still left out where the stream is not a terminal, and where TERM is `dumb`.
        package var hasColour = true
        /// The path of the log, as it is shown.
        package var log: String?

        package init(
            action: String, isDryRun: Bool = false, detail: Detail = .normal, hasColour: Bool = true, log: String? = nil
        ) {
            self.action = action
            self.isDryRun = isDryRun
            self.detail = detail
            self.hasColour = hasColour
            self.log = log
        }
    }

    /// How much is shown, as `--quiet` and `--verbose` choose.
    package enum Detail: Sendable {
        /// Failures, results and the end.
        case quiet
        /// Steps that changed nothing are counted, per stage and host.
        case normal
        /// Every step, and every line that a command prints.
        case verbose
    }

    private struct State {
        var live = ProgressLines()
        var hostColumns = 0
        /// Steps of the stage that changed nothing and have not been shown yet, by host, in the order of their ends.
        var unchanged: [(host: String, count: Int)] = []
        var checks = (passed: 0, failed: 0)
        var hasPodLines = false
    }

    package init(_ settings: Settings, _ surroundings: ProcessEnvironment) {
        self.settings = settings
        self.surroundings = surroundings
        let isDumb = surroundings.variable("TERM") == "dumb"
        output = TextPrinter(surroundings.output, isProgress: false, hasColour: settings.hasColour, isDumb: isDumb)
        progress = TextPrinter(surroundings.progress, isProgress: true, hasColour: settings.hasColour, isDumb: isDumb)
        state = Mutex(State())
    }

    /// The host column becomes as wide as the longest of the names, and live lines keep their order.
    package func expect(_ hosts: [String]) { expected.withLock { $0 = hosts } }

    private func makeRoom(_ state: inout State) {
        guard let hosts = expected.withLock({ $0.take() }) else { return }
        state.hostColumns = max(state.hostColumns, hosts.map(\.columns).max() ?? 0)
        state.live.expect(hosts)
    }

    /// Writes at once, so a blocked terminal holds up whoever reports; `QueuedReporter` avoids that.
    package func report(_ event: Event) {
        let event = event.mapTexts(\.readable)
        state.withLock { state in
            makeRoom(&state)
            switch event {
            case .stageBegan, .check, .table, .load, .summary: countUnchanged(&state)
            default: break
            }
            switch event {
            case .note(let text): if settings.detail != .quiet { write([text], on: progress, &state) }
            case .stageBegan(let name):
                if settings.detail != .quiet { write(["", steps.style(name, .bold)], on: steps, &state) }
            case .stepBegan(let host, let title): begin(host, title, &state)
            case .output(let host, let line): say(host, line, &state)
            case .step(let report): end(report, &state)
            case .check(let check): add(check, &state)
            // 26 × 26 numbers are for a report, not for a terminal.
            case .confusion: break
            case .table(let table):
                write([""] + TableLines(table: table, style: output.style).lines, on: output, &state)
            case .load(let report): add(report, &state)
            case .podLine(let line): add(line, &state)
            case .problem(let problem, let host):
                write(text(problem, log: host.flatMap { _ in settings.log }), on: progress, &state)
            case .summary(let summary): conclude(summary, &state)
            }
        }
    }

    package var isDrawing: Bool { isLive && state.withLock { !$0.live.isEmpty } }

    /// Draws the live lines again, so that their seconds advance.
    package func redraw() {
        state.withLock { write([], on: progress, &$0) }
    }

    private var steps: TextPrinter { settings.isDryRun ? output : progress }

    private var isLive: Bool { progress.isLive && settings.detail != .quiet }

    private func begin(_ host: String, _ title: String, _ state: inout State) {
        state.live.begin(host, title, at: surroundings.now())
        write([], on: progress, &state)
    }

    private func say(_ host: String, _ line: OutputLine, _ state: inout State) {
        // Drawn when it is time: programs print faster than anybody reads.
        state.live.say(host, line.text)
        guard settings.detail == .verbose || settings.showsOutput else { return }
        write(
            ["    \(progress.style("\(host.padded(to: state.hostColumns))  │ \(line.text.printable)", .dim))"],
            on: progress, &state)
    }

    private func end(_ report: StepReport, _ state: inout State) {
        state.live.end(report.host)
        state.hostColumns = max(state.hostColumns, report.host.columns)
        let isResult = report.outcome == .failed || report.outcome == .wouldChange
        guard settings.detail != .quiet || isResult else { return }
        if report.outcome == .unchanged, settings.detail == .normal {
            if let index = state.unchanged.firstIndex(where: { $0.host == report.host }) {
                state.unchanged[index].count += 1
            } else {
                state.unchanged.append((report.host, 1))
            }
            return
        }
        let line = StepLine(report: report, hostColumns: state.hostColumns, columns: steps.columns, style: steps.style)
        write(line.lines, on: steps, &state)
        if let problem = report.problem { write(text(problem, log: settings.log), on: progress, &state) }
    }

    private func countUnchanged(_ state: inout State) {
        let (mark, color) = StepReport.Outcome.unchanged.mark
        let lines = state.unchanged.map { host, count in
            "  \(steps.style(mark, color)) "
                + steps.style("\(host.padded(to: state.hostColumns))  \(count) unchanged", .dim)
        }
        state.unchanged = []
        if !lines.isEmpty { write(lines, on: steps, &state) }
    }

    private func add(_ check: CheckReport, _ state: inout State) {
        let table = CheckTable(columns: output.columns, style: output.style)
        let isFirst = state.checks == (0, 0)
        if check.isPassed { state.checks.passed += 1 } else { state.checks.failed += 1 }
        write((isFirst ? ["", table.header] : []) + table.lines(check), on: output, &state)
    }

    private func add(_ load: LoadReport, _ state: inout State) {
        state.live.end(load.host)
        let chart = LoadChart(report: load, columns: min(80, output.columns ?? 80), style: output.style)
        write([""] + chart.lines, on: output, &state)
    }

    /// Lines that steps follow are progress; otherwise they are what was asked for.
    private func add(_ line: PodLine, _ state: inout State) {
        let printer = settings.showsOutput ? progress : output
        state.hasPodLines = state.hasPodLines || !settings.showsOutput
        let head = printer.style(
            "\(line.pod.padded(to: line.columns)) │", TextStyle.Color.ofMany[line.place % TextStyle.Color.ofMany.count])
        write(["\(settings.showsOutput ? "    " : "")\(head) \(line.text.printable)"], on: printer, &state)
    }

    private func conclude(_ summary: Summary, _ state: inout State) {
        state.live.endAll()
        let line = SummaryLine(
            action: settings.action, isDryRun: settings.isDryRun, summary: summary, checks: state.checks,
            style: output.style)
        // Whoever redirects a service's log to a file wants nothing else in it.
        write(["", line.text], on: state.hasPodLines ? progress : output, &state)
        if let log = settings.log, settings.detail != .quiet, !state.hasPodLines {
            write(["log   \(log)"], on: progress, &state)
        }
    }

    /// The log has more details about a host, but none about an inventory.
    private func text(_ problem: Problem, log: String?) -> [String] {
        ProblemText(problem: problem, log: log, style: progress.style).lines
    }

    /// The live lines are taken off, the lines written, the live lines drawn below them.
    private func write(_ lines: [String], on printer: TextPrinter, _ state: inout State) {
        let text = lines.map { $0 + "\n" }.joined()
        guard isLive, let size = progress.stream.size() else { return text.isEmpty ? () : printer.stream.write(text) }
        let erased = state.live.erase()
        let drawn = state.live.draw(in: size, hostColumns: state.hostColumns, at: surroundings.now(), progress.style)
        // As few writes as can be, so that nothing flickers.
        let pieces: [(TextPrinter, String)] =
            printer.isProgress
            ? [(progress, erased + text + drawn)] : [(progress, erased), (output, text), (progress, drawn)]
        for (printer, piece) in pieces where !piece.isEmpty { printer.stream.write(piece) }
    }
}
