import ForgePlan

/// The table of checks, row by row as they come: the columns cannot wait for the last one.
struct CheckTable {
    private let name: Int
    private let value: Int
    private let style: TextStyle

    init(columns: Int?, style: TextStyle) {
        // Beside the three cells stand the mark, the milliseconds and the gaps.
        let room = (columns ?? 200) - 20
        name = min(50, max(16, room * 2 / 5))
        value = min(32, max(8, (room - name) / 2))
        self.style = style
    }

    var header: String {
        style(
            "    \("check".padded(to: name))  \("expected".padded(to: value))  \("got".padded(to: value))        ms",
            .dim)
    }

    /// A failed check is followed by both values in full.
    func lines(_ check: CheckReport) -> [String] {
        let mark = check.isPassed ? style("✓", .green) : style("✗", .red)
        let cells = "\(cell(check.name, name))  \(cell(check.expected, value))  \(cell(check.got, value))"
        let row = "  \(mark) \(cells)  \(milliseconds(check))"
        return check.isPassed
            ? [row] : [row, "      expected  \(check.expected.oneLine)", "      got       \(check.got.oneLine)"]
    }

    private func cell(_ text: String, _ width: Int) -> String { text.oneLine.cut(to: width).padded(to: width) }

    private func milliseconds(_ check: CheckReport) -> String {
        // What several answers say together took no time of its own.
        let text = check.milliseconds > 0 ? Seconds.rounded(check.milliseconds, digits: 1) : ""
        return String(repeating: " ", count: max(0, 8 - text.count)) + text
    }
}
