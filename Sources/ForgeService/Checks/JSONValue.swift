import ForgeCore
import ForgeTemplates
import Foundation

/// Any JSON, for answers that may be anything.
package enum JSONValue: Sendable, Hashable {
    case null
    case bool(Bool)
    case number(Double)
    case string(String)
    case array([JSONValue])
    case object([String: JSONValue])

    /// The most bytes that are read where a caller names no other number: as a value they take many times as much.
    package static let largest = 16 << 20

    /// nil when it is not JSON, or longer than the limit.
    package init?(_ bytes: [UInt8], atMost limit: Int = JSONValue.largest) {
        guard bytes.count <= limit, let value = OutsideJSON.decode(JSONValue.self, from: bytes) else { return nil }
        self = value
    }

    /// The member of an object; nil for every other value, so that paths into unknown JSON can be chained.
    package subscript(key: String) -> JSONValue? { if case .object(let members) = self { members[key] } else { nil } }

    /// The elements of an array; empty for every other value.
    package var elements: [JSONValue] { if case .array(let elements) = self { elements } else { [] } }

    /// The text of a string, without quotes; nil for every other value.
    package var text: String? { if case .string(let text) = self { text } else { nil } }
}

extension JSONValue: Decodable {
    package init(from decoder: any Decoder) throws {
        let one = try decoder.singleValueContainer()
        if one.decodeNil() {
            self = .null
        } else if let value = try? one.decode(Bool.self) {
            self = .bool(value)
        } else if let value = try? one.decode(Double.self) {
            self = .number(value)
        } else if let value = try? one.decode(String.self) {
            self = .string(value)
        } else if let value = try? one.decode([JSONValue].self) {
            self = .array(value)
        } else {
            self = .object(try one.decode([String: JSONValue].self))
        }
    }
}

extension JSONValue: CustomStringConvertible {
    /// On one line, members in the order of their names.
    package var description: String {
        switch self {
        case .null: "null"
        case .bool(let value): "\(value)"
        case .number(let value):
            value == value.rounded() && abs(value) < 1e15 ? "\(Int(value, in: .exact))" : "\(value)"
        case .string(let text): text.shownQuoted
        case .array(let elements): "[" + elements.map(\.description).joined(separator: ",") + "]"
        case .object(let members):
            "{" + members.sorted { $0.key < $1.key }.map { "\($0.key.shownQuoted):\($0.value)" }.joined(separator: ",")
                + "}"
        }
    }
}

extension JSONValue {
    /// The answer as a person recognises it at a glance: `churn yes (0.947), price 201.7`, `lda A (0)`; long lists and
    /// 160 features are a number.
    var summary: String { name ?? shortened }

    /// The name of what a model answers, or the text of an error.
    private var name: String? {
        guard case .object(let members) = self else { return nil }
        if members.count == 1 { return members["error"]?.text ?? (members["class"] ?? members["value"])?.summary }
        guard members.count == 2 else { return nil }
        if let answer = members["class"], let probability = members["probability"] { return answer.named(probability) }
        guard let text = members.values.first(where: { $0.text != nil }) else { return nil }
        return members.values.first { if case .number = $0 { true } else { false } }.map { text.named($0) }
    }

    private func named(_ number: JSONValue) -> String { "\(summary) (\(number.summary))" }

    private var shortened: String {
        switch self {
        case .object(let members) where members.isEmpty: "{}"
        case .object(let members) where members.count > 8: "\(members.count) values"
        case .object(let members):
            members.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value.summary)" }.joined(separator: ", ")
        case .array(let elements) where elements.count > 8: "\(elements.count) values"
        case .array(let elements): "[" + elements.map(\.summary).joined(separator: ", ") + "]"
        case .number(let number) where number != number.rounded(): String((number * 10_000).rounded() / 10_000)
        default: text ?? description
        }
    }
}

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

/// A class as golden.json and answers write it: `{"class": "yes", "probability": 0.947}`, or the columns of labels.csv,
/// such as `{"number": 0, "letter": "A"}`.
struct ClassName: Hashable, Comparable {
    private let members: [String: JSONValue]

    /// nil for what is none: a value of a regression, or no answer.
    init?(_ value: JSONValue) {
        guard case .object(var members) = value, members["value"] == nil else { return nil }
        members["probability"] = nil
        members["probabilities"] = nil
        guard !members.isEmpty else { return nil }
        self.members = members
    }

    /// Its texts, `A`; what it has where it has none.
    var name: String {
        let all = members.sorted { $0.key < $1.key }.map(\.value)
        let texts = all.compactMap(\.text)
        return (texts.isEmpty ? all.map(\.description) : texts).joined(separator: " ")
    }

    /// By its number, where it has one; else by its name.
    static func < (left: ClassName, right: ClassName) -> Bool {
        switch (left.number, right.number) {
        case (let one?, let other?) where one != other: one < other
        default: left.name < right.name
        }
    }

    /// The first of several, by the names of their columns.
    private var number: Double? {
        let all = members.sorted { $0.key < $1.key }.map(\.value)
        return all.lazy.compactMap { if case .number(let number) = $0 { number } else { nil } }.first
    }
}

extension ClosedRange<Int> {
    /// Whole numbers that a double holds as they are.
    fileprivate static var exact: Self { -(1 << 53)...(1 << 53) }
}

extension String {
    /// In quotes, with control characters made visible.
    fileprivate var shownQuoted: String { yamlQuoted }
}

extension String {
    /// At most 120 characters: enough to recognise an answer.
    var shortened: String { count > 120 ? prefix(119) + "…" : self }
}
