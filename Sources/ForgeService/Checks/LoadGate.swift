import ForgePlan

/// What a load must come to.
struct LoadGate: Sendable {
    /// nil asks for nothing.
    let maximumP95: Duration?

    func checks(_ report: LoadReport) -> [CheckReport] {
        [complete(report)] + (maximumP95.map { [fast(report, $0)] } ?? [])
    }

    private func complete(_ report: LoadReport) -> CheckReport {
        let all = report.answered + report.failed
        let got =
            switch (all, report.failed) {
            case (0, _): "no request was made"
            case (_, 0): "0 of \(all) failed"
            case (_, let failed): "\(failed) of \(all) failed: \(report.failuresInWords)"
            }
        return CheckReport(
            name: "load: no request failed", isPassed: report.failed == 0 && all > 0, expected: "all answered",
            got: got,
            milliseconds: 0)
    }

    private func fast(_ report: LoadReport, _ limit: Duration) -> CheckReport {
        let p95 = report.percentile(95)
        return CheckReport(
            name: "load: p95 at most \(limit.inWords)", isPassed: p95.map { $0 <= Double(limit.milliseconds) } ?? false,
            expected: "\(limit.inWords) or less",
            got: p95.map { JSONValue.number(($0 * 10).rounded() / 10).summary + " ms" } ?? "no answer",
            milliseconds: 0)
    }
}
