import ForgeCore
import ForgePlan

/// What was found as JUnit's XML, which every CI system shows: a test case for each check, an error for each problem.
package struct JUnitReport: Sendable {
    private let findings: Findings

    package init(_ findings: Findings) { self.findings = findings }

    package var text: String {
        let cases = findings.checks.map(testCase) + findings.problems.map { error($0.problem.what, "\($0.problem)") }
        let counts = "tests=\"\(cases.count)\" failures=\"\(findings.failed.count)\" errors=\"\(findings.problems.count)\" skipped=\"0\""
        let seconds = Seconds.rounded(findings.summary?.seconds ?? 0, digits: 3)
        return """
            <?xml version="1.0" encoding="UTF-8"?>
            <testsuites>
              <testsuite name="kubeforge \(findings.verb.escaped)" \(counts) time="\(seconds)" timestamp="\(findings.timestamp)">
            \(cases.joined(separator: "\n"))
                <system-out>\(said.joined(separator: "\n").escaped)</system-out>
              </testsuite>
            </testsuites>

            """
    }

    /// What is no check: where answers came from, and how fast they came.
    private var said: [String] { findings.notes + findings.loads.flatMap { LoadChart(report: $0).lines } }

    private func testCase(_ check: CheckReport) -> String {
        let head =
            "    <testcase classname=\"\(findings.verb.escaped)\" name=\"\(check.name.escaped)\" time=\"\(Seconds.rounded(check.milliseconds / 1000, digits: 4))\""
        if check.isPassed { return head + "/>" }
        return """
            \(head)>
                  <failure message="\(check.got.escaped)">expected \(check.expected.escaped)&#10;got      \(check.got.escaped)</failure>
                </testcase>
            """
    }

    private func error(_ name: String, _ text: String) -> String {
        """
            <testcase classname="\(findings.verb.escaped)" name="\(name.escaped)" time="0">
              <error message="\(name.escaped)">\(text.escaped)</error>
            </testcase>
        """
    }
}
