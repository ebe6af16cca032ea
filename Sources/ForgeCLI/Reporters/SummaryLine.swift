import ForgePlan

/// The line that a run ends with.
struct SummaryLine {
    let action: String
    let isDryRun: Bool
    let summary: Summary
    let checks: (passed: Int, failed: Int)
    let style: TextStyle

    var text: String {
        let counts = counts.filter { $0.number > 0 }.map { "\($0.number) \($0.word)" }.joined(separator: ", ")
        return "\(conclusion)\(counts.isEmpty ? "" : ": ")\(counts)   \(style(Seconds.shown(summary.seconds), .dim))"
    }

    private var counts: [(number: Int, word: String)] {
        [
            (summary.changed, "changed"), (summary.wouldChange, "would change"), (summary.unchanged, "unchanged"),
            (summary.failed, "failed"),
            (checks.passed, checks.passed == 1 ? "check passed" : "checks passed"),
            (checks.failed, checks.failed == 1 ? "check failed" : "checks failed"),
        ]
    }

    private var conclusion: String {
        switch summary.outcome {
        case .ok where isDryRun: "\(style("✓", .green)) \(action): plan complete; nothing was changed"
        case .ok: "\(style("✓", .green)) \(action) finished"
        case .incomplete: "\(style("✗", .red)) \(action) is incomplete"
        case .failed: "\(style("✗", .red)) \(action) failed"
        }
    }
}
