import ForgeCore
import ForgePlan

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

    /// In eighths of a column; one answer among millions is still to be seen.
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

    /// Of decimals: `1.50` → `1.5`, `20.00` → `20`.
    fileprivate var withoutTrailingZeros: String {
        var text = self[...]
        while text.hasSuffix("0") { text.removeLast() }
        if text.hasSuffix(".") { text.removeLast() }
        return String(text)
    }
}
