import ForgePlan

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
