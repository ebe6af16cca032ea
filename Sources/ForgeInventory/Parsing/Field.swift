import ForgeCore
import Yams

/// One value of the file, with its name and its place. Every way to read it returns nil when it is wrong, after
/// reporting why.
struct Field {
    /// The keys that lead to it: `hosts[0].ssh.port`.
    let name: String
    let node: Node
    /// Where its key stands: the place of a value that is not there.
    let keyLocation: SourceLocation
    let diagnostics: Diagnostics

    var location: SourceLocation { node.mark.map { SourceLocation($0) } ?? keyLocation }

    func fail(_ error: @autoclosure () -> ValidationError) { diagnostics.add(error(), about: name, at: location) }

    /// Its text, as the rule turns it into a value.
    func read<Value>(_ rule: (String) throws(ValidationError) -> Value) -> Value? {
        do throws(ValidationError) {
            return try rule(try text())
        } catch {
            diagnostics.add(error, about: name, at: isNull ? keyLocation : location)
            return nil
        }
    }

    /// The name of one of the values.
    func choice<Value: RawRepresentable<String> & CaseIterable>(of _: Value.Type = Value.self) -> Value? {
        read { text throws(ValidationError) in
            guard let value = Value(rawValue: text) else { throw .unknown(text, known: Value.allCases.map(\.rawValue)) }
            return value
        }
    }

    func number(in range: ClosedRange<Int>) -> Int? {
        read { text throws(ValidationError) in
            guard let number = Int(text), String(number) == text, range.contains(number) else {
                throw ValidationError("needs a whole number from \(range.lowerBound) to \(range.upperBound)")
            }
            return number
        }
    }

    func flag() -> Bool? {
        read { text throws(ValidationError) in
            guard let flag = Bool(text) else { throw ValidationError("needs true or false") }
            return flag
        }
    }

    func placed<Value>(_ value: Value?) -> Located<Value>? { value.map { Located(value: $0, field: self) } }
}

/// A value that still knows where it stands, for checks that look at several values.
struct Located<Value> {
    let value: Value
    let field: Field
}

extension Field {
    private static let longest = 4096

    /// Whether nothing follows the key. Quoted, the same words are text.
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
        let bare = scalar.string.trimming(while: ForeignNames.isQuote)
        if bare != scalar.string {
            throw ValidationError(
                "has typographic quotes, which YAML takes for a part of it",
                fix: "write \(bare.shown), without quotes or with plain ones")
        }
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

/// Keys with values, of which the possible keys are known.
struct MappingReader {
    private let name: String
    private let field: Field
    private let fields: [String: Field]

    /// Reports keys that are not known. Nil, and reported, when it is not a mapping.
    init?(_ field: Field, keys known: [String]) {
        guard let entries = field.entries() else { return nil }
        for entry in entries where !known.contains(entry.key) {
            field.diagnostics.add(
                .unknownKey(entry.key, known: known), about: entry.field.name, at: entry.field.keyLocation)
        }
        self.name = field.name
        self.field = field
        self.fields = Dictionary(entries.map { ($0.key, $0.field) }) { first, _ in first }
    }

    subscript(key: String) -> Field? { fields[key] }

    /// Tells when it is not there.
    func required(_ key: String, like example: String) -> Field? {
        if fields[key] == nil {
            let fix = "add a line such as `\(key): \(example)`"
            field.diagnostics.add(
                ValidationError("is missing", fix: fix), about: name.isEmpty ? key : "\(name).\(key)",
                at: field.location)
        }
        return fields[key]
    }
}

extension Field {
    var isMapping: Bool { node.mapping != nil }

    /// Whether the keys lead, one below the other, to a value.
    func has(_ keys: String...) -> Bool {
        var node: Node? = node
        for key in keys { node = node?.mapping?[Node(key)] }
        return node != nil
    }

    /// The keys of a mapping with their values, in the order of the file. Nil, and reported, when it is something else.
    func entries() -> [(key: String, field: Field)]? {
        guard let mapping = node.mapping else {
            diagnostics.add(
                isNull ? .noValue : ValidationError("needs keys with values, not \(kind)"), about: name,
                at: isNull ? keyLocation : location)
            return nil
        }
        if hasTag { fail(.tag) }
        return mapping.compactMap { key, value in
            let keyLocation = key.mark.map { SourceLocation($0) } ?? location
            guard let text = key.scalar?.string else {
                diagnostics.add(ValidationError("a key must be a plain word"), about: name, at: keyLocation)
                return nil
            }
            let full = name.isEmpty ? text.shown : "\(name).\(text.shown)"
            return (text, Field(name: full, node: value, keyLocation: keyLocation, diagnostics: diagnostics))
        }
    }

    /// The elements of a list. Nil, and reported, when it is something else.
    func elements() -> [Field]? {
        guard let sequence = node.sequence else {
            diagnostics.add(
                isNull ? .noValue : ValidationError("needs a list, not \(kind)"), about: name,
                at: isNull ? keyLocation : location)
            return nil
        }
        if hasTag { fail(.tag) }
        return sequence.enumerated().map { index, element in
            Field(
                name: "\(name)[\(index)]", node: element,
                keyLocation: element.mark.map { SourceLocation($0) } ?? location, diagnostics: diagnostics)
        }
    }
}

extension ValidationError {
    fileprivate static func unknownKey(_ key: String, known: [String]) -> ValidationError {
        key == "<<"
            ? ValidationError("merge keys are not read", fix: "write the lines out")
            : .unknown(key, known: known, "unknown key")
    }
}
