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

    /// nil when it is not JSON.
    package init?(_ bytes: [UInt8]) {
        guard let value = OutsideJSON.decode(JSONValue.self, from: bytes) else { return nil }
        self = value
    }

    /// The member of an object; nil for every other value, so that paths into unknown JSON can be chained.
    package subscript(key: String) -> JSONValue? { if case .object(let members) = self { members[key] } else { nil } }

    /// Of an array; empty for every other value.
    package var elements: [JSONValue] { if case .array(let elements) = self { elements } else { [] } }

    /// Of a string, without quotes; nil for every other value.
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

extension ClosedRange<Int> {
    /// Whole numbers that a double holds as they are.
    fileprivate static var exact: Self { -(1 << 53)...(1 << 53) }
}

extension String {
    /// In quotes, with control characters made visible.
    fileprivate var shownQuoted: String { yamlQuoted }
}
