import ForgeCore
import ForgePlan
import Foundation

/// What a report is drawn from: the events of a run, sorted by their kind.
package struct ReportData: Sendable {
    /// As it is typed: `smoke-test`.
    package var action: String
    /// When the run began; the reports give it in UTC.
    package var began: Date
    /// Sentences for people, in their order; those after the summary, such as what to type next, are left out.
    package var notes: [String] = []
    /// In the order they were made, passed and failed ones alike.
    package var checks: [CheckReport] = []
    /// One for each model that the service was asked about.
    package var matrices: [ConfusionMatrix] = []
    /// One for each load that was put on the service.
    package var loads: [LoadReport] = []
    /// Those that belong to no step; the host is nil where none is to blame.
    package var problems: [(problem: Problem, host: String?)] = []
    /// nil while the run is not over.
    package var summary: Summary?

    package init(action: String, began: Date) {
        self.action = action
        self.began = began
    }

    /// Keeps what a report shows; steps, output and tables are for the screen and the log.
    package mutating func add(_ event: Event) {
        switch event {
        case .note(let text): if summary == nil { notes.append(text) }
        case .check(let check): checks.append(check)
        case .confusion(let matrix): matrices.append(matrix)
        case .load(let report): loads.append(report)
        case .problem(let problem, let host): problems.append((problem, host))
        case .summary(let summary): self.summary = summary
        case .stageBegan, .stepBegan, .output, .step, .table, .podLine: break
        }
    }

    var failed: [CheckReport] { checks.filter { !$0.isPassed } }

    /// When it began, in UTC without fractions: `2026-11-21T09:12:03`.
    var timestamp: String { began.formatted(.iso8601.year().month().day().time(includingFractionalSeconds: false)) }
}

extension String {
    /// As text of XML and HTML, in attributes, too: without the control characters that XML 1.0 cannot hold at all, and
    /// without what cannot be seen.
    var escaped: String {
        var result = ""
        for scalar in unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case "\t", "\n", "\r": result += "&#\(scalar.value);"
            case _ where scalar.isHidden: result += "\u{FFFD}"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
