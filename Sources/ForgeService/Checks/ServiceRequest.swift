import ForgeCore

/// One request to the service, and what its answer must be.
struct ServiceRequest: Sendable, Hashable {
    /// `/prediction/23`
    let path: String
    /// A JSON body makes it a POST.
    var body: String?
    let expected: Expectation
    /// The rows of the test set whose classes the answer holds.
    var rows: [Int] = []

    enum Expectation: Sendable, Hashable {
        /// 200 with this content, numbers compared with a tolerance.
        case answer(JSONValue)
        /// This status, and `{"error": reason}`.
        case refusal(Int)
    }

    var name: String {
        switch (body, rows.count) {
        case (nil, _): path
        case (_, 0): "POST \(path)"
        case (_, let count): "POST \(path), \(count) \(count == 1 ? "row" : "rows")"
        }
    }

    /// All that is asked for some rows of the test set. `isPrivate`: the service gives no rows away, and refuses who
    /// asks for them.
    static func all(
        _ golden: ExpectedAnswers, rows: [Int], features: [Int: [Double]], batches: [ServiceRequest],
        isPrivate: Bool = false
    ) -> [ServiceRequest] {
        let score = [ServiceRequest(path: "/score", expected: .answer(golden.scores))]
        if isPrivate { return batches + score + kept(rows[0]) + [tooMany(golden)] }
        let answers = rows.flatMap { row in
            [
                ServiceRequest(path: "/line/\(row)", expected: .answer(golden.line(row, features: features[row]))),
                prediction(golden, row),
            ]
        }
        return answers + batches + score + refused(golden)
    }

    /// What shows soonest whether a pod answers as all should: one row by its number, all rows by their features.
    static func summary(_ golden: ExpectedAnswers, rows: [Int], batches: [ServiceRequest], isPrivate: Bool = false)
        -> [ServiceRequest]
    {
        if isPrivate {
            return batches.isEmpty ? [ServiceRequest(path: "/score", expected: .answer(golden.scores))] : batches
        }
        return batches.isEmpty ? rows.map { prediction(golden, $0) } : [prediction(golden, rows[0])] + batches
    }

    static func prediction(_ golden: ExpectedAnswers, _ row: Int) -> ServiceRequest {
        ServiceRequest(path: "/prediction/\(row)", expected: .answer(golden.prediction(row)), rows: [row])
    }

    /// The rows' features, as many in a body as a service surely takes; none where they are not known.
    static func batches(_ golden: ExpectedAnswers, rows: [Int], features known: [Int: [Double]]) -> [ServiceRequest] {
        var (batches, size) = ([(rows: [Int], features: [String])](), 0)
        for row in rows {
            guard let numbers = known[row] else { continue }
            // Swift prints a double so that the same one is read back, and as JSON writes numbers.
            let features = numbers.map(\.description).joined(separator: ",")
            size += features.utf8.count
            if batches.isEmpty || batches[batches.count - 1].rows.count == 1000 || size > 1 << 20 {
                batches.append(([], []))
                size = features.utf8.count
            }
            batches[batches.count - 1].rows.append(row)
            batches[batches.count - 1].features.append("[\(features)]")
        }
        return batches.map { batch in
            ServiceRequest(
                path: "/prediction", body: "{\"rows\":[\(batch.features.joined(separator: ","))]}",
                expected: .answer(golden.predictions(batch.rows)), rows: batch.rows)
        }
    }

    /// Requests that a service must refuse with a reason, and never with a 500.
    private static func refused(_ golden: ExpectedAnswers) -> [ServiceRequest] {
        [
            ServiceRequest(path: "/prediction/\(golden.count)", expected: .refusal(404)),
            ServiceRequest(path: "/line/abc", expected: .refusal(400)), tooMany(golden),
        ]
    }

    /// With `examples: private` no row of the test set is given away.
    private static func kept(_ row: Int) -> [ServiceRequest] {
        ["/line/\(row)", "/prediction/\(row)"].map { ServiceRequest(path: $0, expected: .refusal(404)) }
    }

    private static func tooMany(_ golden: ExpectedAnswers) -> ServiceRequest {
        let row = Array(repeating: "1", count: golden.features.count + 1).joined(separator: ",")
        return ServiceRequest(path: "/prediction", body: "{\"rows\":[[\(row)]]}", expected: .refusal(400))
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
