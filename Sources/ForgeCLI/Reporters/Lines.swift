import ForgeCore
import ForgePlan
import Foundation

/// The line of a finished step: `  ✓ kubmaster  kubeadm 1.36.2 is installed   (kubeadm: 1.35.1 → 1.36.2)   12.4 s`.
struct StepLine {
    let report: StepReport
    let hostColumns: Int
    /// nil where nothing is to be cut.
    let columns: Int?
    let style: TextStyle

    /// More than one when a dry run has much to say about the step.
    var lines: [String] {
        report.outcome == .wouldChange && differences.columns > room
            ? [line(with: "")] + list : [line(with: differences)]
    }

    private var head: String { "\(report.host.padded(to: hostColumns))  \(report.title.printable)" }

    private var tail: String {
        switch report.outcome {
        case .unchanged, .wouldChange: ""
        case .changed, .failed: "   \(Seconds.shown(report.seconds))"
        }
    }

    private var differences: String {
        let texts = report.differences.map(\.text.oneLine)
        return texts.isEmpty || report.outcome == .failed ? "" : "   (\(texts.joined(separator: "; ")))"
    }

    private var list: [String] {
        let indent = String(repeating: " ", count: 4 + hostColumns + 2)
        return report.differences.map { "\(indent)\(style($0.text.oneLine, .dim))" }
    }

    private var room: Int { columns.map { max(0, $0 - 1 - 4 - head.columns - tail.columns) } ?? .max }

    private func line(with differences: String) -> String {
        let (mark, ink) = report.outcome.mark
        let shown = differences.columns <= room ? differences : room < 12 ? "" : differences.cut(to: room - 1) + ")"
        let title = columns.map { head.cut(to: max(hostColumns + 4, $0 - 1 - 4 - tail.columns)) } ?? head
        let words = report.outcome == .unchanged ? style(title, .dim) : title
        return "  \(style(mark, ink)) \(words)\(style(shown + tail, .dim))"
    }
}

extension StepReport.Outcome {
    var mark: (String, TextStyle.Color) {
        switch self {
        case .unchanged: ("·", .dim)
        case .changed: ("✓", .green)
        case .wouldChange: ("→", .yellow)
        case .failed: ("✗", .red)
        }
    }
}

extension String {
    /// Several lines as one.
    var oneLine: String { split(whereSeparator: \.isNewline).map { String($0).printable }.joined(separator: " ⏎ ") }
}

/// The line that a run ends with.
struct SummaryLine {
    let action: String
    let isDryRun: Bool
    let summary: Summary
    let checks: (passed: Int, failed: Int)
    let style: TextStyle

    var text: String {
        let counts = counts.filter { $0.number > 0 }.map { "\($0.number) \($0.word)" }.joined(separator: ", ")
        return "\(conclusion)\(counts.isEmpty ? "" : ": ")\(counts)   \(style(Seconds.shown(summary.seconds), .dim))"
    }

    private var counts: [(number: Int, word: String)] {
        [
            (summary.changed, "changed"), (summary.wouldChange, "would change"), (summary.unchanged, "unchanged"),
            (summary.failed, "failed"),
            (checks.passed, checks.passed == 1 ? "check passed" : "checks passed"),
            (checks.failed, checks.failed == 1 ? "check failed" : "checks failed"),
        ]
    }

    private var conclusion: String {
        switch summary.outcome {
        case .ok where isDryRun: "\(style("✓", .green)) \(action): plan complete; nothing was changed"
        case .ok: "\(style("✓", .green)) \(action) finished"
        case .incomplete: "\(style("✗", .red)) \(action) is incomplete"
        case .failed: "\(style("✗", .red)) \(action) failed"
        }
    }
}

/// A problem as it stands on the screen and in the log.
struct ProblemText {
    let problem: Problem
    /// Where the rest of the story is; nil when there is no log.
    var log: String?
    var style = TextStyle(isOn: false)

    var lines: [String] {
        let rows = [("why", problem.why), ("fix", problem.fix), ("log", log)].compactMap { label, text in
            text.map { (label, $0) }
        }
        return ["\(style("✗", .red)) \(problem.what)"] + rows.flatMap { label, text in row(label, text) }
    }

    private func row(_ label: String, _ text: String) -> [String] {
        text.split(separator: "\n", omittingEmptySubsequences: false).enumerated().map { index, line in
            "  \(index == 0 ? style(label, .dim) : "   ")  \(line)"
        }
    }
}

/// The lines at the bottom of a terminal that are drawn again and again: one per host with a step under way.
struct ProgressLines {
    private struct Busy {
        var title: String
        var since: Date
        var last = ""
    }

    private var hosts: [(name: String, busy: Busy)] = []
    /// Names in the order that lines shall have.
    private var order: [String] = []
    private var drawn = 0

    var isEmpty: Bool { hosts.isEmpty }

    mutating func begin(_ host: String, _ title: String, at time: Date) {
        end(host)
        // A line that moved with every step would be hard to follow.
        let later = hosts.firstIndex { place(of: $0.name) > place(of: host) }
        hosts.insert((host, Busy(title: title, since: time)), at: later ?? hosts.endIndex)
    }

    mutating func expect(_ names: [String]) { order = names }

    mutating func say(_ host: String, _ line: String) {
        guard let index = hosts.firstIndex(where: { $0.name == host }), case let text = line.printable, !text.isEmpty
        else { return }
        hosts[index].busy.last = text
    }

    mutating func end(_ host: String) { hosts.removeAll { $0.name == host } }

    mutating func endAll() { hosts = [] }

    /// What takes the drawn lines off the terminal; `draw` follows.
    func erase() -> String { drawn == 0 ? "" : "\r\u{1B}[\(drawn)A\u{1B}[J" }

    /// What draws them, below what stands there.
    mutating func draw(in size: TextStream.Size, hostColumns: Int, at time: Date, _ style: TextStyle) -> String {
        // A line that scrolled out of the terminal could not be erased any more.
        let most = max(1, min(12, size.rows - 3))
        var lines = hosts.prefix(most).map { line($0.name, $0.busy, size, hostColumns, time, style) }
        if hosts.count > most { lines.append("    … and \(hosts.count - most) more") }
        drawn = lines.count
        return lines.map { $0 + "\n" }.joined()
    }

    private func place(of host: String) -> Int { order.firstIndex(of: host) ?? order.count }

    private func line(
        _ name: String, _ busy: Busy, _ size: TextStream.Size, _ hostColumns: Int, _ time: Date, _ style: TextStyle
    ) -> String {
        let tail = "   " + Seconds.ticking(max(0, time.timeIntervalSince(busy.since)))
        let room = size.columns - 1 - 4 - tail.columns
        let head = "\(name.padded(to: hostColumns))  \(busy.title.printable)".cut(to: room)
        let last =
            room - head.columns > 12 && !busy.last.isEmpty ? ("   " + busy.last).cut(to: room - head.columns) : ""
        return "  \(style(Self.wheel(time), .yellow)) \(head)\(style(last + tail, .dim))"
    }

    private static func wheel(_ time: Date) -> String {
        let frames = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"]
        return frames[Int(time.timeIntervalSince1970 * 10, in: .sizes) % frames.count]
    }
}
