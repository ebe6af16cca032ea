import ForgeCore

/// One request to the service, and what its answer must be.
struct ServiceRequest: Sendable, Hashable {
    /// `/prediction/23`
    let path: String
    /// A JSON body makes it a POST.
    var body: String?
    let expected: Expectation
    /// The rows of the test set that the answer is about, and the models that it holds the answers of.
    var rows: [Int] = []
    var models: [String] = []
    /// How the answer is compared.
    var rules = AnswerRules()
    /// Whether the values of its features are not known, and not compared.
    var isWithoutFeatures = false
    /// Whether it is made without the token that the service needs.
    var isAnonymous = false
    /// What follows its name, where two have the same one.
    var detail = ""

    enum Expectation: Sendable, Hashable {
        /// 200 with this content.
        case answer(JSONValue)
        /// This status, and `{"error": reason}`.
        case refusal(Int)
    }

    var name: String {
        let what =
            switch (body, rows.count) {
            case (nil, _): path
            case (_, 0): "POST \(path)"
            case (_, let count): "POST \(path), \(count) \(count == 1 ? "row" : "rows")"
            }
        return detail.isEmpty ? what : "\(what), \(detail)"
    }

    /// All that is asked for some rows of the test set. `isPrivate`: the service gives no rows away, and refuses who
    /// asks for them.
    static func all(
        _ golden: ExpectedAnswers, rows: [Int], features: [Int: TestRow], batches: [ServiceRequest],
        isPrivate: Bool, needsToken: Bool
    ) -> [ServiceRequest] {
        let score =
            [ServiceRequest(path: "/score", expected: .answer(golden.scores))]
            + (needsToken
                ? [
                    ServiceRequest(
                        path: "/score", expected: .refusal(401), isAnonymous: true, detail: "without a token")
                ] : [])
        let refused = RefusedRequests(golden, rows: rows.compactMap { features[$0] })
        let named = rows.first.flatMap { row in features[row].flatMap { byName(golden, row, $0) } }.map { [$0] } ?? []
        if isPrivate { return batches + named + score + kept(rows[0]) + refused.posted }
        let answers = rows.flatMap { [line(golden, $0, features[$0]), prediction(golden, $0)] }
        return answers + batches + named + score + refused.asked + refused.posted
    }

    /// What shows soonest whether a pod answers as all should: one row by its number, all rows by their features.
    static func summary(_ golden: ExpectedAnswers, rows: [Int], batches: [ServiceRequest], isPrivate: Bool)
        -> [ServiceRequest]
    {
        if isPrivate {
            return batches.isEmpty ? [ServiceRequest(path: "/score", expected: .answer(golden.scores))] : batches
        }
        return batches.isEmpty ? rows.map { prediction(golden, $0) } : [prediction(golden, rows[0])] + batches
    }

    static func prediction(_ golden: ExpectedAnswers, _ row: Int) -> ServiceRequest {
        ServiceRequest(
            path: "/prediction/\(row)", expected: .answer(golden.prediction(row)), rows: [row], models: golden.models,
            rules: golden.rules)
    }

    private static func line(_ golden: ExpectedAnswers, _ row: Int, _ known: TestRow?) -> ServiceRequest {
        ServiceRequest(
            path: "/line/\(row)", expected: .answer(golden.line(row, features: known?.values)),
            isWithoutFeatures: known == nil)
    }

    /// The rows' features, as many in a body as a service surely takes; none where they are not known.
    static func batches(_ golden: ExpectedAnswers, rows: [Int], features known: [Int: TestRow]) -> [ServiceRequest] {
        var (batches, size) = ([(rows: [Int], features: [String])](), 0)
        for row in rows {
            guard let features = known[row]?.list else { continue }
            size += features.utf8.count
            if batches.isEmpty || batches[batches.count - 1].rows.count == 1000 || size > 1 << 20 {
                batches.append(([], []))
                size = features.utf8.count
            }
            batches[batches.count - 1].rows.append(row)
            batches[batches.count - 1].features.append(features)
        }
        return batches.map { posted(golden, $0.rows, $0.features) }
    }

    /// The same as one of a batch, with the names of the columns, last one first: their order is nobody's business.
    private static func byName(_ golden: ExpectedAnswers, _ row: Int, _ known: TestRow) -> ServiceRequest? {
        guard golden.takesNames else { return nil }
        var request = posted(golden, [row], [known.object(golden.features, isReversed: true)])
        request.detail = "by name"
        return request
    }

    private static func posted(_ golden: ExpectedAnswers, _ rows: [Int], _ features: [String]) -> ServiceRequest {
        ServiceRequest(
            path: "/prediction", body: "{\"rows\":[\(features.joined(separator: ","))]}",
            expected: .answer(golden.predictions(rows)), rows: rows, models: golden.models, rules: golden.rules)
    }

    /// With `examples: private` no row of the test set is given away.
    private static func kept(_ row: Int) -> [ServiceRequest] {
        ["/line/\(row)", "/prediction/\(row)"].map { ServiceRequest(path: $0, expected: .refusal(404)) }
    }
}

/// Requests that a service must refuse with a reason, and never with a 500.
private struct RefusedRequests: Sendable {
    private let golden: ExpectedAnswers
    /// Some of the test set, whose features are known.
    private let rows: [TestRow]

    init(_ golden: ExpectedAnswers, rows: [TestRow]) {
        self.golden = golden
        self.rows = rows
    }

    /// Requests by the number of a row.
    var asked: [ServiceRequest] {
        [
            ServiceRequest(path: "/prediction/\(golden.rowsOfTest)", expected: .refusal(404)),
            ServiceRequest(path: "/line/abc", expected: .refusal(400)),
        ]
    }

    /// Features that are none of the models': one column too many, and, where the service knows names and types, one
    /// too few, one that it does not know and one of another type. What the example rows leave empty, a row by name may
    /// leave out, too; a list may not.
    var posted: [ServiceRequest] {
        let known = rows.first?.texts ?? Array(repeating: "1", count: golden.features.count)
        guard golden.takesNames else { return [request(known + ["1"], "")] }
        return [request(known + ["1"], "a column too many"), request(known.dropLast(), "a column too few")]
            + unknownName + wrongType
    }

    private var unknownName: [ServiceRequest] {
        guard let row = rows.first else { return [] }
        let members = row.object(golden.features).dropLast() + ",\(Self.nobodysName.jsonQuoted):1}"
        return [request(of: String(members), "an unknown column")]
    }

    private static let nobodysName = "no column has this name"

    /// A text for a number, a number for a text; what a row's own value is, the column takes.
    private var wrongType: [ServiceRequest] {
        guard let row = rows.first, let column = row.values.firstIndex(where: { $0 != .null }) else { return [] }
        var texts = row.texts
        texts[column] = row.values[column].text == nil ? "\"no number\"" : "0"
        return [request(texts, "a wrong type")]
    }

    private func request(_ row: some Sequence<String>, _ detail: String) -> ServiceRequest {
        request(of: "[\(row.joined(separator: ","))]", detail)
    }

    private func request(of row: String, _ detail: String) -> ServiceRequest {
        ServiceRequest(path: "/prediction", body: "{\"rows\":[\(row)]}", expected: .refusal(400), detail: detail)
    }
}

/// What came back.
struct ServiceReply: Sendable, Hashable {
    /// 0 when there was no answer at all.
    var status: Int
    /// The body; without an answer, curl's own words.
    var body: [UInt8]
    var milliseconds: Double
}
