import Foundation

/// Reads a JSON object (RFC 8259) for its members' own texts. Foundation's reader forgives a comma too many, and
/// Docker's does not.
struct JSONReader {
    private let bytes: [UInt8]
    private var index = 0

    init(bytes: [UInt8]) { self.bytes = bytes }

    /// Nil where it is anything but one object.
    mutating func document() -> [JSONMembers.Member]? {
        skipSpace()
        guard let members = object() else { return nil }
        skipSpace()
        return index == bytes.count ? members : nil
    }

    private mutating func object() -> [JSONMembers.Member]? {
        var found: [JSONMembers.Member] = []
        let isWhole = list(from: "{", to: "}") { reader in
            guard let name = reader.string() else { return false }
            reader.skipSpace()
            guard reader.take(":") else { return false }
            reader.skipSpace()
            let start = reader.index
            guard reader.value() else { return false }
            found.append(JSONMembers.Member(key: Self.plain(name), value: reader.text(from: start)))
            return true
        }
        return isWhole ? found : nil
    }

    /// Elements between two marks, with commas between them.
    private mutating func list(from open: Character, to end: Character, element: (inout JSONReader) -> Bool) -> Bool {
        guard take(open) else { return false }
        skipSpace()
        if take(end) { return true }
        while true {
            skipSpace()
            guard element(&self) else { return false }
            skipSpace()
            if take(end) { return true }
            guard take(",") else { return false }
        }
    }

    private mutating func value() -> Bool {
        switch next {
        case "{": return object() != nil
        case "[": return list(from: "[", to: "]") { $0.value() }
        case "\"": return string() != nil
        default:
            let word = bytes[index...].prefix { !" \t\r\n,]}".utf8.contains($0) }
            index += word.count
            let text = String(decoding: word, as: UTF8.self)
            return ["true", "false", "null"].contains(text)
                || text.wholeMatch(of: /-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?/) != nil
        }
    }

    /// With its quotes.
    private mutating func string() -> String? {
        let start = index
        guard take("\"") else { return nil }
        while let character = next, character != "\"" {
            guard bytes[index] >= 0x20 else { return nil }
            index += character == "\\" ? 2 : 1
        }
        guard take("\"") else { return nil }
        let whole = text(from: start)
        return (try? JSONSerialization.jsonObject(with: Data(whole.utf8), options: .fragmentsAllowed)) == nil
            ? nil : whole
    }

    private var next: Character? { index < bytes.count ? Character(Unicode.Scalar(bytes[index])) : nil }

    private mutating func take(_ mark: Character) -> Bool {
        guard next == mark else { return false }
        index += 1
        return true
    }

    private mutating func skipSpace() {
        while index < bytes.count, " \t\r\n".utf8.contains(bytes[index]) { index += 1 }
    }

    private func text(from start: Int) -> String { String(decoding: bytes[start..<index], as: UTF8.self) }

    private static func plain(_ quoted: String) -> String {
        (try? JSONSerialization.jsonObject(with: Data(quoted.utf8), options: .fragmentsAllowed)) as? String ?? quoted
    }
}
