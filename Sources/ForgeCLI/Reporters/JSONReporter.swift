import ForgeCore
import ForgePlan

/// Events for programs: one JSON object per line on standard output, the summary last; sentences for people go to
/// standard error.
package struct JSONReporter: Reporter {
    private let output: TextStream
    private let progress: TextStream

    package init(_ surroundings: ProcessEnvironment) {
        output = surroundings.output
        progress = surroundings.progress
    }

    /// One line for most events, none for output and stages, and two for a step that failed: the step and its problem.
    package func report(_ event: Event) {
        switch event {
        case .note(let text): progress.write(text.readable + "\n")
        case .stageBegan, .output: break
        case .stepBegan(let host, let title):
            write(.object([("event", "began"), ("host", .text(host)), ("title", .text(title))]))
        case .step(let report):
            write(report.json)
            if let problem = report.problem { write(problem.json(host: report.host)) }
        case .check(let check): write(check.json)
        case .confusion(let matrix): write(matrix.json)
        case .table(let table): for line in table.json { write(line) }
        case .load(let report): write(report.json)
        case .podLine(let line): write(line.json)
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
            ("outcome", .text(outcome.rawValue)), ("differences", .list(differences.map { .text($0.text) })),
            ("seconds", .number(seconds)),
        ])
    }
}

extension Problem {
    fileprivate func json(host: String?) -> JSONText {
        .object([
            ("event", "problem"), ("host", .optional(host)), ("what", .text(what)), ("why", .optional(why)),
            ("fix", .optional(fix)),
        ])
    }
}

extension Summary {
    fileprivate var json: JSONText {
        .object([
            ("event", "summary"), ("outcome", .text(outcome.rawValue)), ("changed", .integer(changed)),
            ("unchanged", .integer(unchanged)),
            ("wouldChange", .integer(wouldChange)), ("failed", .integer(failed)), ("seconds", .number(seconds)),
            ("hosts", .object(hosts.sorted { $0.key < $1.key }.map { ($0, $1.json) })),
        ])
    }
}

extension HostSummary {
    fileprivate var json: JSONText {
        .object([
            ("changed", .integer(changed)), ("unchanged", .integer(unchanged)), ("wouldChange", .integer(wouldChange)),
            ("failed", .integer(failed)), ("roundTrips", .integer(traffic.roundTrips)),
            ("bytesSent", .integer(traffic.bytesSent)),
        ])
    }
}

extension CheckReport {
    fileprivate var json: JSONText {
        .object([
            ("event", "check"), ("name", .text(name)), ("outcome", isPassed ? "passed" : "failed"),
            ("expected", .text(expected)),
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

extension LoadReport {
    fileprivate var json: JSONText {
        let times = [50, 95, 99].map { ("p\($0)", JSONText.optional(percentile($0))) }
        return .object([
            ("event", "load"), ("host", .text(host)), ("address", .text(address)),
            ("concurrency", .integer(concurrency)),
            ("seconds", .number(seconds)), ("answered", .integer(answered)), ("failed", .integer(failed)),
            ("perSecond", .number(throughput)),
            ("milliseconds", .object(times + [("longest", .optional(answered > 0 ? longest : nil))])),
            ("failures", .list(failures.map { .object([("kind", .text($0.kind)), ("count", .integer($0.count))]) })),
            ("histogram", .list(LoadHistogram(self).bars.map(\.json))),
        ])
    }
}

extension LoadHistogram.Bar {
    fileprivate var json: JSONText {
        .object([("from", .number(from)), ("to", .number(to)), ("count", .integer(count))])
    }
}

extension Table {
    /// A line for each row.
    fileprivate var json: [JSONText] {
        rows.map { row in
            .object([("event", .text(kind))] + zip(columns, row).map { ($0.key, .optional($1.isEmpty ? nil : $1)) })
        }
    }
}

extension PodLine {
    fileprivate var json: JSONText { .object([("event", "output"), ("pod", .text(pod)), ("line", .text(text))]) }
}

/// A JSON value whose members keep their order, written on one line.
private enum JSONText: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral {
    case null
    case text(String)
    case integer(Int)
    /// Written with at most three decimals.
    case number(Double)
    case list([JSONText])
    case object([(String, JSONText)])

    init(stringLiteral text: String) { self = .text(text) }

    init(integerLiteral number: Int) { self = .integer(number) }

    var line: String {
        switch self {
        case .null: "null"
        case .text(let text): Self.quote(text)
        case .integer(let number): "\(number)"
        case .number(let number): number.isFinite ? Seconds.rounded(number, digits: 3) : "null"
        case .list(let items): "[" + items.map(\.line).joined(separator: ",") + "]"
        case .object(let members): "{" + members.map { "\(Self.quote($0)):\($1.line)" }.joined(separator: ",") + "}"
        }
    }

    private static func quote(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            case _ where scalar.isHidden: result += escaped(scalar)
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }

    /// Whoever shows the line as it is sees what is in it; a program reads the same text.
    private static func escaped(_ scalar: Unicode.Scalar) -> String {
        String(scalar).utf16.map { unit in
            let digits = String(unit, radix: 16)
            return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        }.joined()
    }
}

extension JSONText {
    static func optional(_ text: String?) -> JSONText { text.map(JSONText.text) ?? .null }

    static func optional(_ number: Double?) -> JSONText { number.map(JSONText.number) ?? .null }
}
