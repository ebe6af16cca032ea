import ForgeCore
import ForgePlan
import Foundation

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

/// The features of a row, as the release's own reader wrote them and as they are sent: another program's JSON of the
/// same numbers may be another number, or one of another type.
struct TestRow: Sendable, Hashable {
    /// JSON of each value, in the order of the columns: `41`, `"pro"`, `null`.
    let texts: [String]
    /// The same values.
    let values: [JSONValue]

    /// Reads an array of JSON, after which more may follow; nil when it is not one of so many values.
    init?(_ json: some StringProtocol, count: Int) {
        guard let texts = Self.elements(json), texts.count == count else { return nil }
        values = texts.compactMap { JSONValue(Array($0.utf8)) }
        guard values.count == count else { return nil }
        self.texts = texts
    }

    /// `[41,"pro",null]`
    var list: String { "[\(texts.joined(separator: ","))]" }

    /// `{"age":41,"plan":"pro","zip":null}`
    func object(_ names: [String], isReversed: Bool = false) -> String {
        let members = zip(names, texts).map { "\($0.jsonQuoted):\($1)" }
        return "{\((isReversed ? members.reversed() : members).joined(separator: ","))}"
    }

    /// What stands between the commas of an array, and in no text of it; nil when something in it has commas of its
    /// own.
    private static func elements(_ json: some StringProtocol) -> [String]? {
        let array = json.drop { $0.isWhitespace }
        guard array.first == "[" else { return nil }
        var (elements, element) = ([String](), "")
        var (isText, isEscaped) = (false, false)
        for character in array.dropFirst().unicodeScalars {
            switch character {
            case _ where isEscaped: isEscaped = false
            case "\\": isEscaped = isText
            case "\"": isText.toggle()
            case "[" where !isText, "{" where !isText: return nil
            case "," where !isText, "]" where !isText:
                elements.append(element.trimming(while: \.isWhitespace))
                element = ""
                if character == "]" { return elements == [""] ? [] : elements }
                continue
            default: break
            }
            element.unicodeScalars.append(character)
        }
        return nil
    }
}

extension String {
    /// The string as a text of JSON, on one line.
    var jsonQuoted: String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .withoutEscapingSlashes
        return (try? encoder.encode(self)).map { String(decoding: $0, as: UTF8.self) } ?? "\"\""
    }
}

extension SeededNumbers {
    /// `count` different numbers below `limit`, sorted, `first` always among them; all there are when there are fewer.
    mutating func rows(_ count: Int, below limit: Int, with first: Int) -> [Int] {
        var rows: Set<Int> = [first]
        while rows.count < min(count, limit) { rows.insert(Int(next() % UInt64(limit))) }
        return [first] + rows.subtracting([first]).sorted()
    }
}
