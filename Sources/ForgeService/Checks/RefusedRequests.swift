/// Requests that a service must refuse with a reason, and never with a 500.
struct RefusedRequests: Sendable {
    private let golden: ExpectedAnswers
    /// Some of the test set, whose features are known.
    private let rows: [TestRow]

    init(_ golden: ExpectedAnswers, rows: [TestRow]) {
        self.golden = golden
        self.rows = rows
    }

    /// By the number of a row.
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
