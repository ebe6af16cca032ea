import ForgeCore
import ForgePlan

/// Some rows of the release's test set, as the control plane keeps them beside golden.json: the service's own reader of
/// CSV wrote them as JSON when the image was built, so that nothing here reads CSV in its own way.
struct TestRows: Sendable {
    private let rows: [Int]
    /// rows.jsonl, on the control plane.
    let path: String

    init(_ rows: [Int], of tag: String) {
        self.rows = rows
        path = RemotePaths.answers(tag) + "/" + Self.name
    }

    /// One row a line: `{"row": 0, "features": [41, "pro", null]}`.
    static let name = "rows.jsonl"

    var questions: [Question] { [.command(look)] }

    /// Row 0 is in line 1.
    private var look: String { "sed -n '\(rows.map { "\($0 + 1)p" }.joined(separator: ";"))' -- \(path.shellQuoted)" }

    /// What is known of the rows of a release with these right answers.
    func read(_ answers: Answers, for golden: ExpectedAnswers) -> Known {
        let said = answers.command(look)
        guard said.exitCode == 0 else { return Known(features: [:], isThere: false, missing: rows, path: path) }
        // A text may hold what Unicode counts as an end of a line.
        let read = said.text.split(separator: "\n").compactMap { Self.row($0, count: golden.features.count) }
        let features = Dictionary(read) { first, _ in first }
        return Known(features: features, isThere: true, missing: rows.filter { features[$0] == nil }, path: path)
    }

    private static func row(_ line: Substring, count: Int) -> (Int, TestRow)? {
        guard let content = JSONValue(Array(line.utf8)), case .number(let number)? = content["row"],
            let place = Int(exactly: number), let name = line.firstRange(of: #""features":"#),
            let row = TestRow(line[name.upperBound...], count: count), row.values == content["features"]?.elements
        else { return nil }
        return (place, row)
    }

    /// The features by row, and whether all are there that were asked for.
    struct Known: Sendable {
        let features: [Int: TestRow]
        /// Releases of an earlier kubeforge have no such file.
        let isThere: Bool
        fileprivate let missing: [Int]
        let path: String

        /// A check that failed where features are neither compared nor sent: an exam that leaves them out says so.
        var complaint: CheckReport? {
            if missing.isEmpty { return nil }
            let got = isThere ? "\(path) does not have row \(missing[0])" : "\(path) is missing"
            return CheckReport(
                name: "features of the test rows", isPassed: false, expected: "known, to be compared and sent",
                got: got, milliseconds: 0)
        }
    }
}
