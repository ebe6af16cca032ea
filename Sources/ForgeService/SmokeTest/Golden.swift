import ForgeCore

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
        var members: [String: JSONValue] = ["line": .number(Double(row))]
        for model in ["lda", "mlp"] { members[model] = rows[row][model] }
        return .object(members)
    }

    /// What `/line/<row>` must answer; without the features where `line`, the row of test.csv, does not tell them.
    func line(_ row: Int, csv line: String?) -> JSONValue {
        var members: [String: JSONValue] = ["line": .number(Double(row))]
        for name in ["number", "letter"] { members[name] = rows[row]["truth"]?[name] }
        members["features"] = line.flatMap { values(of: row, in: $0) }
        return .object(members)
    }

    private func values(of row: Int, in line: String) -> JSONValue? {
        let cells = line.split(separator: ",", omittingEmptySubsequences: false).map { $0.trimming(while: \.isWhitespace) }
        let numbers = cells.dropFirst(2).compactMap(Double.init)
        guard cells.first == String(row), numbers.count == features.count else { return nil }
        return .object(Dictionary(uniqueKeysWithValues: zip(features, numbers.map(JSONValue.number))))
    }
}
