import Yams

/// Keys with values, of which the possible keys are known.
struct MappingReader {
    private let name: String
    private let field: Field
    private let fields: [String: Field]

    /// Tells of keys that are not known. Nil, and told, when it is no mapping.
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

    /// The keys of a mapping with their values, in the order of the file. Nil, and told, when it is something else.
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

    /// The elements of a list. Nil, and told, when it is something else.
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

/// The known name that a mistyped one most likely means.
enum SpellingSuggestion {
    /// Nil when nothing is near: at most a third of the letters may be wrong.
    static func closest(to typed: String, among known: [String]) -> String? {
        guard typed.count <= 64 else { return nil }
        let near = known.map { (name: $0, distance: distance(typed.lowercased(), $0.lowercased())) }
        guard let best = near.min(by: { $0.distance < $1.distance }), best.distance <= max(1, best.name.count / 3)
        else { return nil }
        return best.name
    }

    /// How many letters must be put in, left out, replaced or swapped with their neighbour.
    static func distance(_ left: String, _ right: String) -> Int {
        let left = Array(left)
        let right = Array(right)
        var rows = [Array(0...right.count)]
        for i in left.indices {
            var row = [i + 1]
            for j in right.indices {
                let replaced = rows[i][j] + (left[i] == right[j] ? 0 : 1)
                row.append(min(rows[i][j + 1] + 1, row[j] + 1, replaced))
                if i > 0, j > 0, left[i] == right[j - 1], left[i - 1] == right[j] {
                    row[j + 1] = min(row[j + 1], rows[i - 1][j - 1] + 1)
                }
            }
            rows.append(row)
        }
        return rows[left.count][right.count]
    }
}
