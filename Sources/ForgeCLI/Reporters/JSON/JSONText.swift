/// A JSON value whose members keep their order, written on one line.
enum JSONText: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral {
    case null
    case text(String)
    case integer(Int)
    /// Written with at most three decimals.
    case number(Double)
    case list([JSONText])
    case object([(String, JSONText)])

    init(stringLiteral text: String) { self = .text(text) }

    init(integerLiteral number: Int) { self = .integer(number) }

    var line: String {
        switch self {
        case .null: "null"
        case .text(let text): Self.quote(text)
        case .integer(let number): "\(number)"
        case .number(let number): number.isFinite ? Seconds.rounded(number, digits: 3) : "null"
        case .list(let items): "[" + items.map(\.line).joined(separator: ",") + "]"
        case .object(let members): "{" + members.map { "\(Self.quote($0)):\($1.line)" }.joined(separator: ",") + "}"
        }
    }

    private static func quote(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            case ..<" ": result += "\\u00" + (scalar.value < 16 ? "0" : "") + String(scalar.value, radix: 16)
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}

extension JSONText {
    static func optional(_ text: String?) -> JSONText { text.map(JSONText.text) ?? .null }

    static func optional(_ number: Double?) -> JSONText { number.map(JSONText.number) ?? .null }
}
