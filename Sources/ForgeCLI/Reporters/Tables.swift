import ForgeCore
import ForgePlan

/// A table as lines: each column as wide as its widest cell.
struct TableLines {
    let table: Table
    let style: TextStyle

    var lines: [String] {
        if table.rows.isEmpty { return ["  there is no \(table.kind)"] }
        return headed
    }

    private var headed: [String] {
        [style("  " + row(table.columns.map(\.heading)), .dim)] + table.rows.map { "  " + row($0) }
    }

    private func row(_ cells: [String]) -> String {
        let padded = zip(cells, widths).map { $0.oneLine.padded(to: $1) }.joined(separator: "  ")
        return String(padded.reversed().drop { $0 == " " }.reversed())
    }

    private var widths: [Int] {
        table.columns.indices.map { place in
            ([table.columns[place].heading] + table.rows.map { $0[place] }).map(\.oneLine.columns).max() ?? 0
        }
    }
}

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

/// How a load went, for a terminal: numbers, and a bar for each span of time.
struct LoadChart {
    let report: LoadReport
    var columns = 80
    var style = TextStyle(isOn: false)

    var lines: [String] {
        let head = "load of \(report.concurrency) at once from \(report.host)   \(Seconds.shown(report.seconds))"
        return [style(head, .bold), "  " + counts] + times + bars
    }

    private var counts: String {
        let failed =
            report.failed == 0 ? "none failed" : style("\(report.failed) failed", .red) + ": \(report.failuresInWords)"
        return "\(report.answered) answered, \(Seconds.rounded(report.throughput, digits: 1)) per second; \(failed)"
    }

    private var times: [String] {
        let named =
            [50, 95, 99].compactMap { share in report.percentile(share).map { ("p\(share)", $0) } } + [
                ("longest", report.longest)
            ]
        return named.count == 1 ? [] : ["  " + named.map { "\($0) \(Self.shown($1)) ms" }.joined(separator: "   ")]
    }

    private var bars: [String] {
        let histogram = LoadHistogram(report)
        let rows = histogram.bars.map {
            (from: Self.bound($0.from), to: Self.bound($0.to), count: "\($0.count)", bar: $0)
        }
        let (from, to) = (rows.map(\.from.count).max() ?? 0, rows.map(\.to.count).max() ?? 0)
        let count = rows.map(\.count.count).max() ?? 0
        // Beside the bar: two columns before it all, ` – `, ` ms`, and two gaps of two columns.
        let room = max(1, columns - 1 - (2 + from + 3 + to + 3 + 4 + count))
        return rows.map { row in
            let bar = Self.bar(row.bar.count, of: histogram.most, columns: room)
            let numbers =
                "\(row.from.aligned(to: from)) – \(row.to.aligned(to: to)) ms  \(row.count.aligned(to: count))"
            return "  " + numbers + (bar.isEmpty ? "" : "  " + style(bar, .green))
        }
    }

    /// A bar in eighths of a column; one answer among millions is still visible.
    static func bar(_ count: Int, of most: Int, columns: Int) -> String {
        guard count > 0, most > 0 else { return "" }
        let eighths = Int(Double(count) / Double(most) * Double(columns * 8), in: 1...max(1, columns * 8))
        let rest = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"][eighths % 8]
        return String(repeating: "█", count: eighths / 8) + rest
    }

    /// Milliseconds as exact as they were measured: `0.42`, `3.1`, `204`.
    static func shown(_ milliseconds: Double) -> String {
        Seconds.rounded(milliseconds, digits: milliseconds < 1 ? 2 : milliseconds < 100 ? 1 : 0)
    }

    /// A bound of a bar, which is a round number: `0.15`, `1.5`, `20`.
    static func bound(_ milliseconds: Double) -> String {
        Seconds.rounded(milliseconds, digits: 2).withoutTrailingZeros
    }
}

extension String {
    fileprivate func aligned(to width: Int) -> String { String(repeating: " ", count: max(0, width - count)) + self }

    /// A decimal without zeros at its end: `1.50` → `1.5`, `20.00` → `20`.
    fileprivate var withoutTrailingZeros: String {
        var text = self[...]
        while text.hasSuffix("0") { text.removeLast() }
        if text.hasSuffix(".") { text.removeLast() }
        return String(text)
    }
}
