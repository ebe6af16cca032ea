import ForgeCore

/// One request to the service, and what its answer must be.
struct ServiceRequest: Sendable, Hashable {
    /// `/prediction/23`
    let path: String
    /// A JSON body makes it a POST.
    var body: String?
    let expected: Expectation

    enum Expectation: Sendable, Hashable {
        /// 200 with this content, numbers compared with a tolerance.
        case answer(JSONValue)
        /// This status, and `{"error": reason}`.
        case refusal(Int)
    }

    var name: String { body == nil ? path : "POST \(path)" }

    /// All that is asked for some rows of the test set.
    static func all(_ golden: Golden, rows: [Int], csv: [Int: String]) -> [ServiceRequest] {
        let answers = rows.flatMap { row in
            [
                ServiceRequest(path: "/line/\(row)", expected: .answer(golden.line(row, csv: csv[row]))),
                ServiceRequest(path: "/prediction/\(row)", expected: .answer(golden.prediction(row))),
            ]
        }
        return answers + [ServiceRequest(path: "/score", expected: .answer(golden.scores))] + refused(golden)
    }

    /// Requests that a service must refuse with a reason, and never with a 500.
    private static func refused(_ golden: Golden) -> [ServiceRequest] {
        let tooMany = Array(repeating: "1", count: golden.features.count + 1).joined(separator: ",")
        return [
            ServiceRequest(path: "/prediction/\(golden.count)", expected: .refusal(404)),
            ServiceRequest(path: "/line/abc", expected: .refusal(400)),
            ServiceRequest(path: "/prediction", body: "{\"rows\":[[\(tooMany)]]}", expected: .refusal(400)),
        ]
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
