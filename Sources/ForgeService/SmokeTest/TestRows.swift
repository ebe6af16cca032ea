import ForgeCore
import ForgePlan

/// Some rows of the release's test set, as the control plane keeps them beside golden.json.
struct TestRows: Sendable {
    private let rows: [Int]
    /// test.csv, on the control plane.
    let path: String

    init(_ rows: [Int], of tag: String) {
        self.rows = rows
        path = Places.answers(tag) + "/test.csv"
    }

    var questions: [Question] { [.command(look)] }

    /// Line 1 is the header, so row 0 is line 2.
    private var look: String { "sed -n '\(rows.map { "\($0 + 2)p" }.joined(separator: ";"))' -- \(path.shellQuoted)" }

    /// The lines by row, which is what their first cell says; none where the file is not there.
    func lines(_ answers: Answers) -> [Int: String] {
        let lines = answers.command(look).text.split(whereSeparator: \.isNewline).map(String.init)
        return Dictionary(lines.compactMap { line in Int(line.prefix { $0 != "," }).map { ($0, line) } }) { first, _ in first }
    }
}
