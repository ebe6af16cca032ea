import Yams

/// Keys with values, of which the possible keys are known.
struct Section {
    private let name: String
    private let field: Field
    private let fields: [String: Field]

    /// Tells of keys that are not known. Nil, and told, when it is no mapping.
    init?(_ field: Field, keys known: [String]) {
        guard let entries = field.entries() else { return nil }
        for entry in entries where !known.contains(entry.key) {
            field.findings.add(.unknownKey(entry.key, known: known), about: entry.field.name, at: entry.field.keyPlace)
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
            field.findings.add(Complaint("is missing", fix: fix), about: name.isEmpty ? key : "\(name).\(key)", at: field.place)
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
            findings.add(isNull ? .noValue : Complaint("needs keys with values, not \(kind)"), about: name, at: isNull ? keyPlace : place)
            return nil
        }
        if hasTag { fail(.tag) }
        return mapping.compactMap { key, value in
            let keyPlace = key.mark.map { Place($0) } ?? place
            guard let text = key.scalar?.string else {
                findings.add(Complaint("a key must be a plain word"), about: name, at: keyPlace)
                return nil
            }
            let full = name.isEmpty ? text.shown : "\(name).\(text.shown)"
            return (text, Field(name: full, node: value, keyPlace: keyPlace, findings: findings))
        }
    }

    /// The elements of a list. Nil, and told, when it is something else.
    func elements() -> [Field]? {
        guard let sequence = node.sequence else {
            findings.add(isNull ? .noValue : Complaint("needs a list, not \(kind)"), about: name, at: isNull ? keyPlace : place)
            return nil
        }
        if hasTag { fail(.tag) }
        return sequence.enumerated().map { index, element in
            Field(name: "\(name)[\(index)]", node: element, keyPlace: element.mark.map { Place($0) } ?? place, findings: findings)
        }
    }
}

extension Complaint {
    fileprivate static func unknownKey(_ key: String, known: [String]) -> Complaint {
        key == "<<" ? Complaint("merge keys are not read", fix: "write the lines out") : .unknown(key, known: known, "unknown key")
    }
}
