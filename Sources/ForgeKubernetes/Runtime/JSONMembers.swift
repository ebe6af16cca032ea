import ForgeTemplates
import Foundation

/// A JSON object as its members in their order, each value as its own text: what is not changed is not retyped.
struct JSONMembers: Hashable, Sendable {
    private(set) var members: [Member] = []

    struct Member: Hashable, Sendable {
        var key: String
        var value: String
    }

    init() {}

    /// Nil where the text is not a JSON object, as strictly as Docker reads it, or is nested too deep. An empty text is
    /// an object without members.
    init?(_ text: String) {
        if text.allSatisfy(\.isWhitespace) { return }
        // The reader below calls itself for each level.
        guard OutsideJSON.isShallow(text.utf8) else { return nil }
        var reader = JSONReader(bytes: Array(text.utf8))
        guard let members = reader.document() else { return nil }
        self.members = members
    }

    /// The value's text; nil where the key is not there.
    subscript(key: String) -> String? {
        get { members.last { $0.key == key }?.value }
        set {
            guard let newValue else { return members.removeAll { $0.key == key } }
            if let index = members.lastIndex(where: { $0.key == key }) {
                members[index].value = newValue
            } else {
                members.append(Member(key: key, value: newValue))
            }
        }
    }

    /// The value as a list of texts; nil where it is something else.
    func list(_ key: String) -> [String]? {
        self[key].flatMap { OutsideJSON.value(of: $0) } as? [String]
    }

    /// The value as a text; nil where it is something else.
    func string(_ key: String) -> String? {
        self[key].flatMap { OutsideJSON.value(of: $0) }
            as? String
    }

    var text: String {
        if members.isEmpty { return "{}\n" }
        return "{\n" + members.map { "  \(Self.json($0.key)): \($0.value)" }.joined(separator: ",\n") + "\n}\n"
    }

    static func json(_ text: String) -> String {
        let data = try? JSONSerialization.data(
            withJSONObject: text, options: [.fragmentsAllowed, .withoutEscapingSlashes])
        return data.map { String(decoding: $0, as: UTF8.self) } ?? "\"\""
    }

    static func json(_ list: [String]) -> String { "[" + list.map(json).joined(separator: ", ") + "]" }
}

/// Reads a JSON object (RFC 8259) for its members' own texts. Foundation's reader forgives a comma too many, and
/// Docker's does not.
private struct JSONReader {
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

    /// A string with its quotes.
    private mutating func string() -> String? {
        let start = index
        guard take("\"") else { return nil }
        while let character = next, character != "\"" {
            guard bytes[index] >= 0x20 else { return nil }
            index += character == "\\" ? 2 : 1
        }
        guard take("\"") else { return nil }
        let whole = text(from: start)
        return OutsideJSON.value(of: whole) == nil
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
        OutsideJSON.value(of: quoted) as? String ?? quoted
    }
}
