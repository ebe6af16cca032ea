import ForgePlan

/// The line that a run ends with.
struct SummaryLine {
    let verb: String
    let isDryRun: Bool
    let summary: Summary
    let checks: (passed: Int, failed: Int)
    let paint: Paint

    var text: String {
        let counts = counts.filter { $0.number > 0 }.map { "\($0.number) \($0.word)" }.joined(separator: ", ")
        return "\(verdict)\(counts.isEmpty ? "" : ": ")\(counts)   \(paint(Seconds.shown(summary.seconds), .dim))"
    }

    private var counts: [(number: Int, word: String)] {
        [
            (summary.changed, "changed"), (summary.wouldChange, "would change"), (summary.alreadySo, "already so"),
            (summary.failed, "failed"),
            (checks.passed, checks.passed == 1 ? "check passed" : "checks passed"),
            (checks.failed, checks.failed == 1 ? "check failed" : "checks failed"),
        ]
    }

    private var verdict: String {
        switch summary.outcome {
        case .ok: "\(paint("✓", .green)) \(verb) is \(isDryRun ? "planned, and nothing was changed" : "done")"
        case .incomplete: "\(paint("✗", .red)) \(verb) is incomplete"
        case .failed: "\(paint("✗", .red)) \(verb) failed"
        }
    }
}
