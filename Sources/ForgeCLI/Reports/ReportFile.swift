import ForgeCore
import ForgePlan
import Foundation
import Synchronization

/// A file that holds what a run found, for people and programs that were not there.
package final class ReportFile: Reporter {
    /// What the file is written as: JUnit's XML for `.xml`, a page for `.html`.
    package enum Format: String, Sendable {
        case xml, html

        /// The format by the end of the file's name; nil when that is neither.
        package init?(of path: String) { self.init(rawValue: URL(filePath: path).pathExtension.lowercased()) }
    }

    private let path: String
    private let format: Format
    private let data: Mutex<ReportData>

    /// Refuses a path that cannot be written to before anything is queried, not minutes later.
    package init(_ path: String, action: String, _ surroundings: ProcessEnvironment) throws(Problem) {
        // A link stays one.
        self.path = (surroundings.absolute(path) as NSString).resolvingSymlinksInPath
        format = Format(of: path) ?? .html
        data = Mutex(ReportData(action: action, began: surroundings.now()))
        let directory = (self.path as NSString).deletingLastPathComponent
        var isDirectory = ObjCBool(false)
        guard FileManager.default.fileExists(atPath: directory, isDirectory: &isDirectory), isDirectory.boolValue else {
            throw Problem(
                .usage, what: "the report \(path) cannot be written", why: "there is no directory \(directory)",
                fix: "mkdir -p \(directory.shellQuoted)")
        }
        guard FileManager.default.isWritableFile(atPath: directory) else {
            throw Problem(.usage, what: "the report \(path) cannot be written", why: "\(directory) is not writable")
        }
    }

    /// Only collects; the file is not touched before `write`.
    package func report(_ event: Event) { data.withLock { $0.add(event.mapTexts(\.readable)) } }

    /// All of it or nothing: whoever reads the file meanwhile reads the old one.
    package func write() throws(Problem) {
        let found = data.withLock { $0 }
        let text =
            switch format {
            case .xml: JUnitReport(found).text
            case .html: HTMLReport(found).text
            }
        do throws(WholeFile.Failure) { try WholeFile.write(Array(text.utf8), to: path) } catch {
            throw Problem(what: "the report \(path) cannot be written", why: error.reason)
        }
    }
}

/// What a report is drawn from: the events of a run, sorted by their kind.
package struct ReportData: Sendable {
    /// The action as it is typed: `smoke-test`.
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
    /// The string as text of XML and HTML, in attributes, too: without the control characters that XML 1.0 cannot hold
    /// at all, and without what cannot be seen.
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

/// What was found as JUnit's XML, which every CI system shows: a test case for each check, an error for each problem.
package struct JUnitReport: Sendable {
    private let data: ReportData

    package init(_ data: ReportData) { self.data = data }

    /// The whole document: one test suite, named after the action.
    package var text: String {
        let cases = data.checks.map(testCase) + data.problems.map { error($0.problem.what, "\($0.problem)") }
        let counts =
            "tests=\"\(cases.count)\" failures=\"\(data.failed.count)\" errors=\"\(data.problems.count)\" skipped=\"0\""
        let seconds = Seconds.rounded(data.summary?.seconds ?? 0, digits: 3)
        return """
            <?xml version="1.0" encoding="UTF-8"?>
            <testsuites>
              <testsuite name="kubeforge \(data.action.escaped)" \(counts) time="\(seconds)" \
            timestamp="\(data.timestamp)">
            \(cases.joined(separator: "\n"))
                <system-out>\(said.joined(separator: "\n").escaped)</system-out>
              </testsuite>
            </testsuites>

            """
    }

    /// What is no check: where answers came from, and how fast they came.
    private var said: [String] { data.notes + data.loads.flatMap { LoadChart(report: $0).lines } }

    private func testCase(_ check: CheckReport) -> String {
        let head =
            """
                <testcase classname=\"\(data.action.escaped)\" name=\"\(check.name.escaped)\" \
            time=\"\(Seconds.rounded(check.milliseconds / 1000, digits: 4))\"
            """
        if check.isPassed { return head + "/>" }
        return """
            \(head)>
                  <failure message="\(check.got.escaped)">expected \(check.expected.escaped)&#10;got      \
            \(check.got.escaped)</failure>
                </testcase>
            """
    }

    private func error(_ name: String, _ text: String) -> String {
        """
            <testcase classname="\(data.action.escaped)" name="\(name.escaped)" time="0">
              <error message="\(name.escaped)">\(text.escaped)</error>
            </testcase>
        """
    }
}
