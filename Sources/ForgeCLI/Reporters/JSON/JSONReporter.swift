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
