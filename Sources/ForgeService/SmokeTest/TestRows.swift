import ForgeCore
import ForgePlan

/// Some rows of the release's test set, as the control plane keeps them beside golden.json.
struct TestRows: Sendable {
    private let rows: [Int]
    private let path: String

    init(_ rows: [Int], of tag: String) {
        self.rows = rows
        path = Places.answers(tag) + "/test.csv"
    }

    var questions: [Question] { [.command(look)] }

    /// Line 1 is the header, so row 0 is line 2.
    private var look: String { "sed -n '\(rows.map { "\($0 + 2)p" }.joined(separator: ";"))' -- \(path.shellQuoted)" }

    /// The lines by row; none where the file is not there.
    func lines(_ answers: Answers) -> [Int: String] {
        let lines = answers.command(look).text.split(whereSeparator: \.isNewline).map(String.init)
        return Dictionary(zip(rows.sorted(), lines)) { first, _ in first }
    }
}
