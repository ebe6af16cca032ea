import Yams

extension Field {
    private static let longest = 4096

    /// Whether nothing stands behind the key. Quoted, the same words are text.
    var isNull: Bool {
        guard let scalar = node.scalar, scalar.style == .plain else { return false }
        return ["", "~", "null", "Null", "NULL"].contains(scalar.string)
    }

    /// One visible line of text. All of it is text, so that neither `1.30` nor `no` turns into something else.
    func text() throws(ValidationError) -> String {
        guard let scalar = node.scalar else { throw ValidationError("needs one value, not \(kind)") }
        if isNull { throw .noValue }
        if scalar.string.isEmpty { throw ValidationError("is empty") }
        if scalar.string.unicodeScalars.contains(where: \.isControl) {
            throw ValidationError(
                "has a line break or control character in it", why: "it is \"\(scalar.string.shown)\"")
        }
        if scalar.string.utf8.count > Self.longest { throw ValidationError("is longer than \(Self.longest) bytes") }
        if hasTag { throw .tag }
        return scalar.string
    }

    /// What it is, in a message.
    var kind: String {
        switch node {
        case .scalar, .alias: "one value"
        case .mapping: "keys with values"
        case .sequence: "a list"
        }
    }

    /// Whether it says its type itself, as in `!!int 3`.
    var hasTag: Bool {
        let own = [
            Tag.Name.implicit.rawValue, "tag:yaml.org,2002:str", "tag:yaml.org,2002:map", "tag:yaml.org,2002:seq",
        ]
        return !own.contains(node.tag.description)
    }
}

extension ValidationError {
    static let noValue = ValidationError("has no value", fix: "give it one, or remove the line")
    static let tag = ValidationError("has a YAML tag (!…), which inventories do not use", fix: "write the value alone")
}
