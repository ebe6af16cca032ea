import ForgeCore
import ForgePlan

/// What the models themselves answered when the image was built: the expected answers of a release.
package struct ExpectedAnswers: Sendable {
    private let rows: [JSONValue]
    private let score: JSONValue
    /// Names of the features, in the order of the columns.
    let features: [String]
    /// Their names in answers, in their order there.
    let models: [String]
    /// How a service's answers are compared with these.
    let rules: AnswerRules
    /// Rows of the whole test set, of which the answers may be the first.
    let rowsOfTest: Int
    /// Whether the service of the release takes rows by the names of their columns.
    let takesNames: Bool
    /// Those that answer with a number.
    private let regressions: Set<String>

    private static let largest = DeployedModelFiles.largestAnswers

    /// The most classes of a confusion matrix, which has the square of that many numbers.
    private static let mostClasses = 1000

    /// The content of golden.json, as golden/ writes it, or as releases have it from before there was one.
    package init(_ bytes: [UInt8], path: String) throws(Problem) {
        guard bytes.count <= Self.largest else {
            throw Problem(
                what: "\(path) is too large",
                why: "it has \(ByteCount(bytes.count).mebibytes); at most \(Self.largest >> 20) are read",
                fix: "test the models on fewer rows")
        }
        let content = JSONValue(bytes, atMost: Self.largest)
        rows = content?["rows"]?.elements ?? []
        features = content?["features"]?.elements.compactMap(\.text) ?? []
        let named = content?["models"]?.elements.compactMap(\.text)
        models = named ?? Self.formerModels
        takesNames = named != nil
        guard let score = content?["score"], !rows.isEmpty, !features.isEmpty, !models.isEmpty else {
            throw Problem(
                what: "\(path) does not hold the expected answers",
                why: "it has no rows, no features, no models, or no score", fix: "remove it and deploy again")
        }
        rules = AnswerRules(content, rows, of: models)
        rowsOfTest = max(rows.count, content?["data"]?["test"]?["rows"]?.count ?? 0)
        regressions = Set(models.filter { content?["tasks"]?[$0]?.text == "regression" })
        // Python tells names apart by their code points, JSON's readers here by what they look like.
        if Set(features).count < features.count {
            let twice = Dictionary(features.map { ($0, 1) }, uniquingKeysWith: +).filter { $0.value > 1 }.keys.sorted()
            throw Problem(
                what: "\(path) cannot be compared with answers",
                why:
                    """
                    two features have the same name, or names that only differ in how they are encoded: \
                    \(twice.prefix(5).joined(separator: ", "))
                    """,
                fix: "rename one of the two columns, train, and deploy again")
        }
        self.score = score
    }

    var count: Int { rows.count }

    /// What `/score` must answer.
    var scores: JSONValue { score }

    /// What `/prediction/<row>` must answer.
    func prediction(_ row: Int) -> JSONValue {
        var members = answers(row)
        members["line"] = .number(Double(row))
        return .object(members)
    }

    /// What `POST /prediction` must answer when it is sent the features of these rows.
    func predictions(_ rows: [Int]) -> JSONValue { .object(["predictions": .array(rows.map { .object(answers($0)) })]) }

    private func answers(_ row: Int) -> [String: JSONValue] {
        Dictionary(models.compactMap { model in rows[row][model].map { (model, $0) } }) { first, _ in first }
    }

    /// How often each class was taken for which by a model, on all rows here; nil where the truth is not known, where
    /// the model answers with a number, and where there are so many classes that the table would tell nobody anything.
    func confusion(of model: String) -> ConfusionMatrix? {
        if regressions.contains(model) { return nil }
        let pairs = rows.compactMap { row in
            row["truth"].flatMap(ClassName.init).flatMap { truth in
                row[model].flatMap(ClassName.init).map { (truth, $0) }
            }
        }
        guard pairs.count == rows.count else { return nil }
        let classes = Set(pairs.flatMap { [$0.0, $0.1] }).sorted()
        guard classes.count <= Self.mostClasses else { return nil }
        let place = Dictionary(classes.enumerated().map { ($1, $0) }) { first, _ in first }
        var counts = Array(repeating: Array(repeating: 0, count: classes.count), count: classes.count)
        for (truth, answer) in pairs {
            if let row = place[truth], let column = place[answer] { counts[row][column] += 1 }
        }
        return ConfusionMatrix(model: model, classes: classes.map(\.name), counts: counts)
    }

    /// The models of releases that are too old to name them in golden.json.
    private static let formerModels = ["lda", "mlp"]

    /// What `/line/<row>` must answer; without the features where those of the row are not known.
    func line(_ row: Int, features values: [JSONValue]?) -> JSONValue {
        var members: [String: JSONValue] =
            if case .object(let truth)? = rows[row]["truth"] { truth } else { [:] }
        members["line"] = .number(Double(row))
        // Names that Unicode calls equal are one key in Swift, here as in the answer: what differs in its bytes only
        // must not end the run.
        members["features"] = values.map { values in
            .object(Dictionary(zip(features, values)) { _, last in last })
        }
        return .object(members)
    }
}

extension AnswerRules {
    /// The rules of a golden.json: a tolerance for each model, and how large the values are that it answers.
    fileprivate init(_ content: JSONValue?, _ rows: [JSONValue], of models: [String]) {
        let rules = models.map { model -> (String, Model) in
            let said: Double? =
                if case .number(let number)? = content?["tolerance"]?[model] { number } else { nil }
            let relative = said ?? Closeness.printed.relative
            let sizes = rows.compactMap { row -> Double? in
                if case .number(let value)? = row[model]?["value"] { abs(value) } else { nil }
            }
            let scale = sizes.isEmpty ? 1 : sizes.reduce(0, +) / Double(sizes.count)
            return (
                model,
                Model(
                    value: Closeness(relative: relative, scale: scale),
                    probability: Closeness(relative: relative, scale: 1))
            )
        }
        self.init(Dictionary(rules) { first, _ in first })
    }
}
