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
            case _ where scalar.isHidden: result += escaped(scalar)
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }

    /// Whoever shows the line as it is sees what is in it; a program reads the same text.
    private static func escaped(_ scalar: Unicode.Scalar) -> String {
        String(scalar).utf16.map { unit in
            let digits = String(unit, radix: 16)
            return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        }.joined()
    }
}

extension JSONText {
    static func optional(_ text: String?) -> JSONText { text.map(JSONText.text) ?? .null }

    static func optional(_ number: Double?) -> JSONText { number.map(JSONText.number) ?? .null }
}
