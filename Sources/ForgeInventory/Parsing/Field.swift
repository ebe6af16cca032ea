import ForgeCore
import Yams

/// One value of the file, with its name and its place. Every way to read it returns nil when it is wrong, and has told
/// so then.
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
