import ForgeCore
import Foundation

/// The features of a row, as the release's own reader wrote them and as they are sent: another program's JSON of the
/// same numbers may be another number, or one of another type.
struct TestRow: Sendable, Hashable {
    /// JSON of each value, in the order of the columns: `41`, `"pro"`, `null`.
    let texts: [String]
    /// The same values.
    let values: [JSONValue]

    /// Of an array of JSON, behind which more may follow; nil when it is none of so many values.
    init?(_ json: some StringProtocol, count: Int) {
        guard let texts = Self.elements(json), texts.count == count else { return nil }
        values = texts.compactMap { JSONValue(Array($0.utf8)) }
        guard values.count == count else { return nil }
        self.texts = texts
    }

    /// `[41,"pro",null]`
    var list: String { "[\(texts.joined(separator: ","))]" }

    /// `{"age":41,"plan":"pro","zip":null}`
    func object(_ names: [String], isReversed: Bool = false) -> String {
        let members = zip(names, texts).map { "\($0.jsonQuoted):\($1)" }
        return "{\((isReversed ? members.reversed() : members).joined(separator: ","))}"
    }

    /// What stands between the commas of an array, and in no text of it; nil when something in it has commas of its
    /// own.
    private static func elements(_ json: some StringProtocol) -> [String]? {
        let array = json.drop { $0.isWhitespace }
        guard array.first == "[" else { return nil }
        var (elements, element) = ([String](), "")
        var (isText, isEscaped) = (false, false)
        for character in array.dropFirst().unicodeScalars {
            switch character {
            case _ where isEscaped: isEscaped = false
            case "\\": isEscaped = isText
            case "\"": isText.toggle()
            case "[" where !isText, "{" where !isText: return nil
            case "," where !isText, "]" where !isText:
                elements.append(element.trimming(while: \.isWhitespace))
                element = ""
                if character == "]" { return elements == [""] ? [] : elements }
                continue
            default: break
            }
            element.unicodeScalars.append(character)
        }
        return nil
    }
}

extension String {
    /// As a text of JSON, on one line.
    var jsonQuoted: String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .withoutEscapingSlashes
        return (try? encoder.encode(self)).map { String(decoding: $0, as: UTF8.self) } ?? "\"\""
    }
}
