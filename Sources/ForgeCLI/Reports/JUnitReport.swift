import ForgeCore
import ForgePlan

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
