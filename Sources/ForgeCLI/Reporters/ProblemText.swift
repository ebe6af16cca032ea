import ForgeCore

/// A problem as it stands on the screen and in the log.
struct ProblemText {
    let problem: Problem
    /// Where the rest of the story is; nil when there is no log.
    var log: String?
    var style = TextStyle(isOn: false)

    var lines: [String] {
        let rows = [("why", problem.why), ("fix", problem.fix), ("log", log)].compactMap { label, text in
            text.map { (label, $0) }
        }
        return ["\(style("✗", .red)) \(problem.what)"] + rows.flatMap { label, text in row(label, text) }
    }

    private func row(_ label: String, _ text: String) -> [String] {
        text.split(separator: "\n", omittingEmptySubsequences: false).enumerated().map { index, line in
            "  \(index == 0 ? style(label, .dim) : "   ")  \(line)"
        }
    }
}
