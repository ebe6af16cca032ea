import ForgePlan

/// How a load went, as a part of a page: its numbers as a table, its times as bars.
struct LoadSection: Sendable {
    private let report: LoadReport

    init(_ report: LoadReport) { self.report = report }

    var text: String {
        """
        <h2>Load</h2>
        <p>\(report.concurrency) requests at once to \(report.address.escaped) from \(report.host.escaped), for \
        \(Seconds.shown(report.seconds)).</p>
        <dl>
        \(numbers.map { "<div><dt>\($0.escaped)</dt><dd>\($1.escaped)</dd></div>" }.joined(separator: "\n"))
        </dl>
        \((failures + [bars]).filter { !$0.isEmpty }.joined(separator: "\n"))
        """
    }

    private var numbers: [(String, String)] {
        let times = [50, 95, 99].compactMap { share in report.percentile(share).map { ("p\(share)", $0) } }
        return [
            ("answered", "\(report.answered)"), ("failed", "\(report.failed)"),
            ("per second", Seconds.rounded(report.throughput, digits: 1)),
        ] + (times + (times.isEmpty ? [] : [("longest", report.longest)])).map { ($0, LoadChart.shown($1) + " ms") }
    }

    private var failures: [String] {
        report.failures.isEmpty ? [] : ["<p class=\"problem\">\(report.failuresInWords.escaped)</p>"]
    }

    private var bars: String {
        let histogram = LoadHistogram(report)
        if histogram.bars.isEmpty { return "" }
        let rows = histogram.bars.map { bar in
            let width = Seconds.rounded(Double(bar.count) * 100 / Double(histogram.most), digits: 1)
            let name = "\(LoadChart.bound(bar.from)) – \(LoadChart.bound(bar.to)) ms"
            let cells = "<td><div style=\"width:\(width)%\"></div></td><td class=\"number\">\(bar.count)</td>"
            return "<tr><th scope=\"row\">\(name)</th>\(cells)</tr>"
        }
        return "<table class=\"bars\">\n\(rows.joined(separator: "\n"))\n</table>"
    }
}
