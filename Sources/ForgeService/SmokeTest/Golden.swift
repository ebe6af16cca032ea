import ForgeCore
import ForgePlan

/// What the training pipeline itself answered: the right answers of a release.
package struct Golden: Sendable {
    private let rows: [JSONValue]
    private let score: JSONValue
    /// Names of the features, in the order of the columns.
    let features: [String]

    /// The content of golden.json, as train.py writes it.
    package init(_ bytes: [UInt8], path: String) throws(Problem) {
        let content = JSONValue(bytes)
        rows = content?["rows"]?.elements ?? []
        features = content?["features"]?.elements.compactMap(\.text) ?? []
        guard let score = content?["score"], !rows.isEmpty, !features.isEmpty else {
            throw Problem(
                what: "\(path) does not hold the right answers", why: "it has no rows, no features, or no score",
                fix: "remove it and deploy again")
        }
        self.score = score
    }

    var count: Int { rows.count }

    /// What `/score` must answer.
    var scores: JSONValue { score }

    /// What `/prediction/<row>` must answer.
    func prediction(_ row: Int) -> JSONValue {
        var members = classes(row)
        members["line"] = .number(Double(row))
        return .object(members)
    }

    /// What `POST /prediction` must answer when it is sent the features of these rows.
    func predictions(_ rows: [Int]) -> JSONValue { .object(["predictions": .array(rows.map { .object(classes($0)) })]) }

    private func classes(_ row: Int) -> [String: JSONValue] {
        Dictionary(uniqueKeysWithValues: Self.models.compactMap { model in rows[row][model].map { (model, $0) } })
    }

    /// How often each class was taken for which by a model, on the whole test set; nil where golden.json does not name all classes.
    func confusion(of model: String) -> ConfusionMatrix? {
        let pairs = rows.compactMap { row in
            row["truth"].flatMap(ClassName.init).flatMap { truth in row[model].flatMap(ClassName.init).map { (truth, $0) } }
        }
        guard pairs.count == rows.count else { return nil }
        let classes = Set(pairs.flatMap { [$0.0, $0.1] }).sorted { $0.number < $1.number }
        let place = Dictionary(uniqueKeysWithValues: classes.enumerated().map { ($1, $0) })
        var counts = Array(repeating: Array(repeating: 0, count: classes.count), count: classes.count)
        for (truth, answer) in pairs { counts[place[truth]!][place[answer]!] += 1 }
        return ConfusionMatrix(model: model, classes: classes.map(\.letter), counts: counts)
    }

    /// The names of the models in golden.json and in answers.
    static let models = ["lda", "mlp"]

    /// What `/line/<row>` must answer; without the features where `line`, the row of test.csv, does not tell them.
    func line(_ row: Int, csv line: String?) -> JSONValue {
        var members: [String: JSONValue] = ["line": .number(Double(row))]
        for name in ["number", "letter"] { members[name] = rows[row]["truth"]?[name] }
        members["features"] = line.flatMap { values(of: row, in: $0) }
        return .object(members)
    }

    private func values(of row: Int, in line: String) -> JSONValue? {
        numbers(of: row, in: line).map { .object(Dictionary(uniqueKeysWithValues: zip(features, $0.map(JSONValue.number)))) }
    }

    /// The features of a row, in the order of `features`; nil when the line is another row's, or holds something else than numbers.
    func numbers(of row: Int, in line: String) -> [Double]? {
        let cells = line.split(separator: ",", omittingEmptySubsequences: false).map { $0.trimming(while: \.isWhitespace) }
        let numbers = cells.dropFirst(2).compactMap(Double.init)
        return cells.first == String(row) && numbers.count == features.count ? numbers : nil
    }
}

/// A class as golden.json and answers write it: `{"number": 0, "letter": "A"}`.
private struct ClassName: Hashable {
    let number: Double
    let letter: String

    init?(_ value: JSONValue) {
        guard case .number(let number)? = value["number"], let letter = value["letter"]?.text else { return nil }
        (self.number, self.letter) = (number, letter)
    }
}
