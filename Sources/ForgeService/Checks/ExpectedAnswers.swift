import ForgeCore
import ForgePlan

/// What the training pipeline itself answered: the expected answers of a release.
package struct ExpectedAnswers: Sendable {
    private let rows: [JSONValue]
    private let score: JSONValue
    /// Names of the features, in the order of the columns.
    let features: [String]

    /// Some 375,000 rows of train.py; a command's output is kept up to 64 MiB.
    package static let largest = 48 << 20

    /// The least that the rows of a golden.json have, as train.py writes one row a line: less, where a class has more
    /// than one digit, than they really have.
    package static func leastBytes(rows: Int) -> Int {
        let name = #"{"number": 0, "letter": "A"}"#
        let row = #"  {"line": , "truth": \#(name), "lda": \#(name), "mlp": \#(name)},"# + "\n"
        // Numbers of two digits begin with 10, those of three with 100.
        let digits = sequence(first: 10) { $0 * 10 }.prefix { $0 < rows }.reduce(rows) { $0 + rows - $1 }
        return rows * row.utf8.count + digits
    }

    /// Of a confusion matrix, which has as many numbers times as many.
    private static let mostClasses = 1000

    /// The content of golden.json, as train.py writes it.
    package init(_ bytes: [UInt8], path: String) throws(Problem) {
        guard bytes.count <= Self.largest else {
            throw Problem(
                what: "\(path) is not read",
                why: "it has \(bytes.count >> 20) MiB; at most \(Self.largest >> 20) are read",
                fix: "test the models on fewer rows")
        }
        let content = JSONValue(bytes)
        rows = content?["rows"]?.elements ?? []
        features = content?["features"]?.elements.compactMap(\.text) ?? []
        guard let score = content?["score"], !rows.isEmpty, !features.isEmpty else {
            throw Problem(
                what: "\(path) does not hold the right answers", why: "it has no rows, no features, or no score",
                fix: "remove it and deploy again")
        }
        // Python tells names apart by their code points, JSON's readers here by what they look like.
        if Set(features).count < features.count {
            let twice = Dictionary(features.map { ($0, 1) }, uniquingKeysWith: +).filter { $0.value > 1 }.keys.sorted()
            throw Problem(
                what: "\(path) cannot be compared with answers",
                why:
                    "two features have the same name, or names that only differ in how they are encoded: \(twice.prefix(5).joined(separator: ", "))",
                fix: "rename one of the two columns, train, and deploy again")
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
        Dictionary(Self.models.compactMap { model in rows[row][model].map { (model, $0) } }) { first, _ in first }
    }

    /// How often each class was taken for which by a model, on the whole test set; nil where golden.json does not name
    /// all classes, and where there are so many that the table would tell nobody anything.
    func confusion(of model: String) -> ConfusionMatrix? {
        let pairs = rows.compactMap { row in
            row["truth"].flatMap(ClassName.init).flatMap { truth in
                row[model].flatMap(ClassName.init).map { (truth, $0) }
            }
        }
        guard pairs.count == rows.count else { return nil }
        let classes = Set(pairs.flatMap { [$0.0, $0.1] }).sorted { $0.number < $1.number }
        guard classes.count <= Self.mostClasses else { return nil }
        let place = Dictionary(classes.enumerated().map { ($1, $0) }) { first, _ in first }
        var counts = Array(repeating: Array(repeating: 0, count: classes.count), count: classes.count)
        for (truth, answer) in pairs {
            if let row = place[truth], let column = place[answer] { counts[row][column] += 1 }
        }
        return ConfusionMatrix(model: model, classes: classes.map(\.letter), counts: counts)
    }

    /// The names of the models in golden.json and in answers.
    static let models = ["lda", "mlp"]

    /// What `/line/<row>` must answer; without the features where `numbers`, those of the row, are not known.
    func line(_ row: Int, features numbers: [Double]?) -> JSONValue {
        var members: [String: JSONValue] = ["line": .number(Double(row))]
        for name in ["number", "letter"] { members[name] = rows[row]["truth"]?[name] }
        // Names that Unicode calls equal are one key in Swift, here as in the answer: what differs in its bytes only
        // must not end the run.
        members["features"] = numbers.map { numbers in
            .object(Dictionary(zip(features, numbers.map(JSONValue.number))) { _, last in last })
        }
        return .object(members)
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
