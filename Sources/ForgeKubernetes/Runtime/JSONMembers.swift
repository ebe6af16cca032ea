import Foundation

/// A JSON object as its members in their order, each value as its own text: what is not changed is not retyped.
struct JSONMembers: Hashable, Sendable {
    private(set) var members: [Member] = []

    struct Member: Hashable, Sendable {
        var key: String
        var value: String
    }

    init() {}

    /// Nil where the text is no JSON object, as strictly as Docker reads it. An empty text is an object without
    /// members.
    init?(_ text: String) {
        if text.allSatisfy(\.isWhitespace) { return }
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
        self[key].flatMap { try? JSONSerialization.jsonObject(with: Data($0.utf8)) } as? [String]
    }

    /// The value as a text; nil where it is something else.
    func string(_ key: String) -> String? {
        self[key].flatMap { try? JSONSerialization.jsonObject(with: Data($0.utf8), options: .fragmentsAllowed) }
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
