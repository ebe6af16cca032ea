/// One place where two JSON values differ.
struct JSONDifference: Sendable, Hashable {
    /// `lda.letter`; empty for the whole.
    let path: String
    let expected: String
    let got: String

    static func between(
        _ expected: JSONValue, _ got: JSONValue, by rules: AnswerRules = AnswerRules(), at path: String = ""
    ) -> [JSONDifference] {
        switch (expected, got) {
        case (.number(let one), .number(let other)):
            rules.closeness.holds(one, other) ? [] : [JSONDifference(path, expected, got)]
        case (.object(let one), .object(let other)):
            Set(one.keys).union(other.keys).sorted().flatMap { key in
                between(one[key], other[key], by: rules.below(key), at: path.isEmpty ? key : "\(path).\(key)")
            }
        case (.array(let one), .array(let other)) where one.count == other.count:
            zip(one, other).enumerated().flatMap { index, pair in
                between(pair.0, pair.1, by: rules, at: "\(path)[\(index)]")
            }
        default:
            expected == got ? [] : [JSONDifference(path, expected, got)]
        }
    }

    private static func between(
        _ expected: JSONValue?, _ got: JSONValue?, by rules: AnswerRules, at path: String
    ) -> [JSONDifference] {
        switch (expected, got) {
        case (let expected?, let got?): between(expected, got, by: rules, at: path)
        case (nil, nil): []
        default: [JSONDifference(path: path, expected: shown(expected), got: shown(got))]
        }
    }

    private init(path: String, expected: String, got: String) {
        self.path = path
        self.expected = expected
        self.got = got
    }

    private init(_ path: String, _ expected: JSONValue, _ got: JSONValue) {
        self.init(path: path, expected: Self.shown(expected), got: Self.shown(got))
    }

    private static func shown(_ value: JSONValue?) -> String { value.map { $0.description.shortened } ?? "nothing" }
}

extension String {
    /// At most 120 characters: enough to recognise an answer.
    var shortened: String { count > 120 ? prefix(119) + "…" : self }
}
