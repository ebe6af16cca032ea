import ForgeCore
import ForgePlan

/// The only way in for text from outside: machines, pods, peers and files may contain anything, and a terminal, a page
/// or a log would act on some of it.
extension String {
    /// The text as it may be shown: escape sequences are gone, of a line that overwrote itself the last writing is
    /// left, and what cannot be seen (control characters, marks of direction, invisible ones) stands there as
    /// `\u{202E}`. Newlines and tabs stay.
    package var readable: String {
        guard utf8.count > Self.longest || unicodeScalars.contains(where: \.isHidden) else { return self }
        let plain = replacing("\r\n", with: "\n").replacing(Self.sequences, with: "")
        let lines = plain.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false).prefix(Self.mostLines)
        return lines.map { line in
            let last = line.split(separator: "\r").last ?? line.prefix(0)
            let shown = last.prefix(Self.longest).reduce(into: "") { text, scalar in
                if scalar.isHidden { text += scalar.named } else { text.unicodeScalars.append(scalar) }
            }
            return last.count > Self.longest ? shown + " …" : shown
        }.joined(separator: "\n")
    }

    /// The longest line that is shown: what is longer is cut, since nobody reads it, and a terminal works on it for
    /// minutes.
    private static let longest = 20_000
    private static let mostLines = 2_000

    /// CSI with its parameters, then OSC, DCS, SOS, PM and APC up to their ends, then the short ones; of C1 the same.
    private nonisolated(unsafe) static let sequences =
        #/
        (?:\u{1B}\[|\u{9B})[0-?]*[\x20-\/]*[@-~]
        |(?:\u{1B}[\]PX^_]|[\u{9D}\u{90}\u{98}\u{9E}\u{9F}])[^\u{07}\u{1B}\u{9C}\n]*(?:\u{07}|\u{1B}\\|\u{9C})?
        |\u{1B}[\x20-\/]*[0-~]
        /#
        .matchingSemantics(.unicodeScalar)
}

extension Unicode.Scalar {
    /// Whether a reader cannot see it, or sees something else because of it. Newlines and tabs are seen.
    package var isHidden: Bool {
        switch self {
        case "\n", "\t": return false
        case " "..."~": return false
        // Braille's blank; Hangul's fillers are among the ignorable ones.
        case "\u{2800}": return true
        default: break
        }
        switch properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned: return true
        default: return properties.isDefaultIgnorableCodePoint || properties.isNoncharacterCodePoint
        }
    }

    fileprivate var named: String { "\\u{\(String(value, radix: 16, uppercase: true))}" }
}

extension Event {
    /// The event with every text of it changed. Everything that people and programs are shown passes through here, so a
    /// text that is forgotten here would reach them as it came.
    package func mapTexts(_ change: (String) -> String) -> Event {
        switch self {
        case .note(let text): .note(change(text))
        case .stageBegan(let name): .stageBegan(change(name))
        case .stepBegan(let host, let title): .stepBegan(host: change(host), title: change(title))
        case .output(let host, let line):
            .output(host: change(host), OutputLine(stream: line.stream, text: change(line.text)))
        case .step(let report): .step(report.mapTexts(change))
        case .check(let check):
            .check(
                CheckReport(
                    name: change(check.name), isPassed: check.isPassed, expected: change(check.expected),
                    got: change(check.got),
                    milliseconds: check.milliseconds))
        case .confusion(let matrix):
            .confusion(
                ConfusionMatrix(model: change(matrix.model), classes: matrix.classes.map(change), counts: matrix.counts)
            )
        case .table(let table):
            .table(
                Table(
                    of: change(table.kind), columns: table.columns.map { .init(change($0.key), change($0.heading)) },
                    rows: table.rows.map { $0.map(change) }))
        case .load(let report):
            .load(
                LoadReport(
                    host: change(report.host), address: change(report.address), concurrency: report.concurrency,
                    seconds: report.seconds,
                    times: report.times, longest: report.longest,
                    failures: report.failures.map { .init(kind: change($0.kind), count: $0.count) }))
        case .podLine(let line):
            .podLine(PodLine(pod: change(line.pod), text: change(line.text), place: line.place, columns: line.columns))
        case .problem(let problem, let host): .problem(problem.mapTexts(change), host: host.map(change))
        case .summary(let summary):
            .summary(
                Summary(
                    outcome: summary.outcome,
                    hosts: Dictionary(summary.hosts.map { (change($0), $1) }) { first, _ in first },
                    seconds: summary.seconds))
        }
    }
}

extension StepReport {
    fileprivate func mapTexts(_ change: (String) -> String) -> StepReport {
        StepReport(
            stage: change(stage), host: change(host), title: change(title), outcome: outcome,
            differences: differences.map { Difference(change($0.text)) }, seconds: seconds,
            problem: problem?.mapTexts(change))
    }
}

extension Problem {
    /// The problem with its what, why and fix changed; its kind stays.
    package func mapTexts(_ change: (String) -> String) -> Problem {
        Problem(kind, what: change(what), why: why.map(change), fix: fix.map(change))
    }
}
