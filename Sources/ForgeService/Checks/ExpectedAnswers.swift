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

    /// The most models: more than any service loads.
    private static let mostModels = 1000

    /// The most classes of a confusion matrix, which has the square of that many numbers; and the most numbers of all
    /// matrices together.
    private static let (mostClasses, mostNumbers) = (1000, 4_000_000)

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
        try Self.refuseTwins(models, "models", "models", path)
        guard models.count <= Self.mostModels else {
            throw Problem(
                what: "\(path) names too many models",
                why: "it names \(models.count); at most \(Self.mostModels) are compared",
                fix: "divide the models among several services")
        }
        rules = AnswerRules(content, rows, of: models)
        rowsOfTest = max(rows.count, content?["data"]?["test"]?["rows"]?.count ?? 0)
        regressions = Set(models.filter { content?["tasks"]?[$0]?.text == "regression" })
        try Self.refuseTwins(features, "features", "columns", path)
        self.score = score
    }

    /// Python tells names apart by their code points, JSON's readers here by what they look like.
    private static func refuseTwins(
        _ names: [String], _ what: String, _ which: String, _ path: String
    ) throws(Problem) {
        let counts = Dictionary(names.map { ($0, 1) }, uniquingKeysWith: +)
        if counts.count == names.count { return }
        let twice = counts.filter { $0.value > 1 }.keys.sorted()
        throw Problem(
            what: "\(path) cannot be compared with answers",
            why:
                """
                two \(what) have the same name, or names that only differ in how they are encoded: \
                \(twice.prefix(5).joined(separator: ", "))
                """,
            fix: "rename one of the two \(which), train, and deploy again")
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
    /// the model answers with a number, and where there are so many classes that the table would tell nobody anything,
    /// or the matrices of all models would have too many numbers.
    func confusion(of model: String) -> ConfusionMatrix? {
        if regressions.contains(model) { return nil }
        var pairs: [(ClassName, ClassName)] = []
        for row in rows {
            guard let truth = row["truth"].flatMap(ClassName.init), let answer = row[model].flatMap(ClassName.init)
            else { return nil }
            pairs.append((truth, answer))
        }
        let found = Set(pairs.flatMap { [$0.0, $0.1] })
        guard found.count <= Self.mostClasses,
            found.count * found.count <= Self.mostNumbers / max(1, models.count)
        else { return nil }
        let classes = found.sorted()
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
        // In one pass: the file bounds what all rows hold together, and nothing bounds rows times models.
        let known = Set(models)
        var sizes: [String: (sum: Double, count: Int)] = [:]
        for case .object(let members) in rows {
            for (model, answer) in members where known.contains(model) {
                guard case .number(let value)? = answer["value"] else { continue }
                let size = sizes[model] ?? (0, 0)
                sizes[model] = (size.sum + abs(value), size.count + 1)
            }
        }
        let rules = models.map { model -> (String, Model) in
            let said: Double? =
                if case .number(let number)? = content?["tolerance"]?[model] { number } else { nil }
            let relative = said ?? Closeness.printed.relative
            let scale = sizes[model].map { $0.sum / Double($0.count) } ?? 1
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
