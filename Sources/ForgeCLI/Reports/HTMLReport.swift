import ForgeCore
import ForgePlan

/// What was found as one page that needs nothing beside itself: no script, no font, no address. Failed checks come
/// first.
package struct HTMLReport: Sendable {
    private let data: ReportData

    package init(_ data: ReportData) { self.data = data }

    private var sections: [String] {
        [notes, problems, checks] + data.loads.map { LoadSection($0).text }
            + data.matrices.map { ConfusionTable($0).text }
    }

    /// The whole page, in UTF-8, with everything from outside escaped.
    package var text: String {
        """
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>\(answerCheck.escaped)</title>
        <style>
        \(Self.style)
        </style>
        </head>
        <body>
        <h1 class="\(isPassed ? "passed" : "failed")">\(isPassed ? "✓" : "✗") \(answerCheck.escaped)</h1>
        <p class="when">\(data.timestamp) UTC, \(Seconds.shown(data.summary?.seconds ?? 0))</p>
        \(sections.filter { !$0.isEmpty }.joined(separator: "\n"))
        </body>
        </html>

        """
    }

    private var isPassed: Bool { data.summary?.outcome == .ok }

    private var answerCheck: String {
        let failed = data.failed.count
        let counts = [(data.checks.count - failed, "passed"), (failed, "failed")].filter { $0.0 > 0 }.map {
            "\($0) \($1)"
        }
        return "\(data.action): " + (counts.isEmpty ? "nothing was checked" : counts.joined(separator: ", "))
    }

    private var notes: String {
        data.notes.isEmpty
            ? "" : "<ul>\n" + data.notes.map { "<li>\($0.escaped)</li>" }.joined(separator: "\n") + "\n</ul>"
    }

    private var problems: String {
        data.problems.map { "<pre class=\"problem\">\("\($0.problem)".escaped)</pre>" }.joined(separator: "\n")
    }

    private var checks: String {
        if data.checks.isEmpty { return "" }
        let rows = (data.failed + data.checks.filter(\.isPassed)).map(row)
        return """
            <h2>Checks</h2>
            <table class="checks">
            <thead><tr><th></th><th>check</th><th>expected</th><th>got</th><th>ms</th></tr></thead>
            <tbody>
            \(rows.joined(separator: "\n"))
            </tbody>
            </table>
            """
    }

    private func row(_ check: CheckReport) -> String {
        let cells = [check.name, check.expected, check.got].map { "<td>\($0.escaped)</td>" }.joined()
        let time = check.milliseconds > 0 ? Seconds.rounded(check.milliseconds, digits: 1) : ""
        let (name, mark) = check.isPassed ? ("passed", "✓") : ("failed", "✗")
        return "<tr class=\"\(name)\"><td class=\"mark\">\(mark)</td>\(cells)<td class=\"number\">\(time)</td></tr>"
    }

    private static let style = """
        :root { color-scheme: light dark; }
        body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; padding: 0 1rem; max-width: 75rem; }
        h1 { font-size: 1.5rem; margin-bottom: 0; }
        h2 { font-size: 1.15rem; margin-top: 2rem; }
        li, p { overflow-wrap: anywhere; }
        .when { margin-top: 0; opacity: .7; }
        h1.passed, tr.passed .mark { color: #1a8040; }
        h1.failed, tr.failed .mark { color: #d02030; }
        table { border-collapse: collapse; }
        .checks { width: 100%; }
        .checks th, .checks td { text-align: left; vertical-align: top; padding: .2rem .8rem .2rem 0; border-bottom: \
        1px solid #8884; overflow-wrap: anywhere; }
        .checks tr.failed { background: #d0203018; }
        .checks th:last-child, .checks .number { text-align: right; white-space: nowrap; overflow-wrap: normal; \
        padding-right: 0; font-variant-numeric: tabular-nums; }
        .problem { background: #d0203018; padding: .8rem; white-space: pre-wrap; }
        dl { display: flex; flex-wrap: wrap; gap: .3rem 2rem; }
        dt { opacity: .7; }
        dd { margin: 0; font-size: 1.3rem; font-variant-numeric: tabular-nums; }
        .bars { width: 100%; }
        .bars th { text-align: right; font-weight: normal; white-space: nowrap; padding-right: .8rem; width: 1px; \
        font-variant-numeric: tabular-nums; }
        .bars div { background: #1a8040; height: 1rem; min-width: 1px; }
        .bars .number { text-align: right; width: 1px; padding-left: .8rem; font-variant-numeric: tabular-nums; }
        .wide { overflow-x: auto; }
        .confusion { font-size: 12px; font-variant-numeric: tabular-nums; }
        .confusion th, .confusion td { min-width: 1.7em; padding: .15rem; text-align: center; }
        .confusion td { border: 1px solid #8883; }
        .confusion .zero { color: transparent; }
        .confusion th[scope=row] { position: sticky; left: 0; background: Canvas; }
        @media (max-width: 40rem) {
          .checks thead { display: none; }
          .checks tr { display: grid; grid-template-columns: 1.5rem 1fr auto; padding: .4rem 0; border-bottom: 1px \
        solid #8884; }
          .checks td, .checks .number { border: 0; padding: 0; }
          .checks td:nth-child(3), .checks td:nth-child(4) { grid-column: 2 / 4; }
          .checks td:nth-child(3)::before { content: "expected "; opacity: .7; }
          .checks td:nth-child(4)::before { content: "got "; opacity: .7; }
          .checks .number { grid-area: 1 / 3; }
          .checks .number:not(:empty)::after { content: " ms"; }
        }
        """
}

/// A confusion matrix as a table of HTML: a row for each true class, the darker the larger its share of that row.
private struct ConfusionTable: Sendable {
    private let matrix: ConfusionMatrix

    init(_ matrix: ConfusionMatrix) { self.matrix = matrix }

    var text: String {
        let head = matrix.classes.map { "<th scope=\"col\">\($0.escaped)</th>" }.joined()
        let rows = zip(matrix.classes, matrix.counts).enumerated().map { place, row in line(row.0, row.1, place) }
        return """
            <h2>\(matrix.model.escaped): \(Seconds.rounded(matrix.accuracy, digits: 3)) on \(matrix.rows) test rows</h2>
            <p>As counted in training. Rows: the true class; columns: the predicted class. Green is right, red is \
            wrong.</p>
            <div class="wide"><table class="confusion">
            <thead><tr><th></th>\(head)</tr></thead>
            <tbody>
            \(rows.joined(separator: "\n"))
            </tbody>
            </table></div>
            """
    }

    private func line(_ name: String, _ counts: [Int], _ truth: Int) -> String {
        let all = max(1, counts.reduce(0, +))
        let cells = counts.enumerated().map { answer, count in
            if count == 0 { return "<td class=\"zero\">0</td>" }
            let ink = answer == truth ? "26,128,64" : "208,32,48"
            let share = Seconds.rounded(0.1 + 0.7 * Double(count) / Double(all), digits: 2)
            return "<td style=\"background:rgba(\(ink),\(share))\">\(count)</td>"
        }
        return "<tr><th scope=\"row\">\(name.escaped)</th>\(cells.joined())</tr>"
    }
}

/// How a load went, as a part of a page: its numbers as a table, its times as bars.
private struct LoadSection: Sendable {
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
