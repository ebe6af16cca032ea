import ForgeCore
import ForgePlan

/// Events for programs: one JSON object per line on standard output, the summary last; sentences for people go to standard error.
package struct JSONReporter: Reporter {
    private let output: TextStream
    private let progress: TextStream

    package init(_ surroundings: Surroundings) {
        output = surroundings.output
        progress = surroundings.progress
    }

    package func report(_ event: Event) {
        switch event {
        case .note(let text): progress.write(text + "\n")
        case .stageBegan, .stepBegan, .output: break
        case .step(let report):
            write(report.json)
            if let problem = report.problem { write(problem.json(host: report.host)) }
        case .check(let check): write(check.json)
        case .confusion(let matrix): write(matrix.json)
        case .table(let table): for line in table.json { write(line) }
        case .load(let report): write(report.json)
        case .podLine(let line): write(.object([("event", "output"), ("pod", .text(line.pod)), ("line", .text(line.text))]))
        case .problem(let problem, let host): write(problem.json(host: host))
        case .summary(let summary): write(summary.json)
        }
    }

    /// A whole line in one write, so that lines of several hosts never mix.
    private func write(_ json: JSONText) { output.write(json.line + "\n") }
}

extension StepReport {
    fileprivate var json: JSONText {
        .object([
            ("event", "step"), ("stage", .text(stage)), ("host", .text(host)), ("title", .text(title)),
            ("outcome", .text(outcome.rawValue)), ("differences", .list(differences.map { .text($0.text) })), ("seconds", .number(seconds)),
        ])
    }
}

extension CheckReport {
    fileprivate var json: JSONText {
        .object([
            ("event", "check"), ("name", .text(name)), ("outcome", isPassed ? "passed" : "failed"), ("expected", .text(expected)),
            ("got", .text(got)), ("milliseconds", .number(milliseconds)),
        ])
    }
}

extension ConfusionMatrix {
    fileprivate var json: JSONText {
        .object([
            ("event", "confusion"), ("model", .text(model)), ("classes", .list(classes.map(JSONText.text))),
            ("counts", .list(counts.map { .list($0.map(JSONText.integer)) })),
        ])
    }
}

extension Table {
    /// A line for each row.
    fileprivate var json: [JSONText] {
        rows.map { row in .object([("event", .text(kind))] + zip(columns, row).map { ($0.key, .optional($1.isEmpty ? nil : $1)) }) }
    }
}

extension LoadReport {
    fileprivate var json: JSONText {
        let times = [50, 95, 99].map { ("p\($0)", JSONText.optional(percentile($0))) }
        return .object([
            ("event", "load"), ("host", .text(host)), ("address", .text(address)), ("concurrency", .integer(concurrency)),
            ("seconds", .number(seconds)), ("answered", .integer(answered)), ("failed", .integer(failed)),
            ("perSecond", .number(throughput)),
            ("milliseconds", .object(times + [("longest", .optional(answered > 0 ? longest : nil))])),
            ("failures", .list(failures.map { .object([("kind", .text($0.kind)), ("count", .integer($0.count))]) })),
            ("histogram", .list(LoadHistogram(self).bars.map(\.json))),
        ])
    }
}

extension LoadHistogram.Bar {
    fileprivate var json: JSONText { .object([("from", .number(from)), ("to", .number(to)), ("count", .integer(count))]) }
}

extension Problem {
    fileprivate func json(host: String?) -> JSONText {
        .object([
            ("event", "problem"), ("host", .optional(host)), ("what", .text(what)), ("why", .optional(why)), ("fix", .optional(fix)),
        ])
    }
}

extension Summary {
    fileprivate var json: JSONText {
        .object([
            ("event", "summary"), ("outcome", .text(outcome.rawValue)), ("changed", .integer(changed)), ("alreadySo", .integer(alreadySo)),
            ("wouldChange", .integer(wouldChange)), ("failed", .integer(failed)), ("seconds", .number(seconds)),
            ("hosts", .object(hosts.sorted { $0.key < $1.key }.map { ($0, $1.json) })),
        ])
    }
}

extension HostSummary {
    fileprivate var json: JSONText {
        .object([
            ("changed", .integer(changed)), ("alreadySo", .integer(alreadySo)), ("wouldChange", .integer(wouldChange)),
            ("failed", .integer(failed)), ("roundTrips", .integer(traffic.roundTrips)), ("bytesSent", .integer(traffic.bytesSent)),
        ])
    }
}
