/// The keys of a model for the service section of an inventory, whose text stays as it is otherwise: comments, order
/// and style are its owner's.
package struct ServiceKeys: Sendable, Hashable {
    /// The values as the inventory names them: the directory, and the columns with the truth and the rows' names.
    package var model: String
    package var target, index: String?

    package init(model: String, target: String? = nil, index: String? = nil) {
        self.model = model
        self.target = target
        self.index = index
    }

    /// The keys as they stand below `service:`, without indentation.
    package var lines: [String] {
        [("model", model), ("target", target), ("index", index)].compactMap { key, value in
            value.map { "\(key): \(Self.scalar($0))" }
        }
    }

    /// The text with the keys in it; nil where their place cannot be told.
    func added(to text: String) -> String? {
        let end = text.contains("\r\n") ? "\r\n" : "\n"
        // Of scalars: to Swift, both characters of a line end of Windows are one.
        var all = text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false).map { String($0) }
        if end == "\r\n" { all = all.map { $0.hasSuffix("\r") ? String($0.dropLast()) : $0 } }
        let sections = all.indices.filter { all[$0].hasPrefix("service:") }
        guard let section = sections.first else { return appended(to: all, end) }
        guard sections.count == 1, all[section].wholeMatch(of: /service:\s*(#.*)?/) != nil,
            let indentation = Self.indentation(below: section, in: all)
        else { return nil }
        all.insert(contentsOf: lines.map { indentation + $0 }, at: section + 1)
        return all.joined(separator: end)
    }

    private func appended(to lines: [String], _ end: String) -> String {
        let before = lines.reversed().drop { $0.isEmpty }.reversed()
        return (before + ["", "service:"] + self.lines.map { "  " + $0 }).joined(separator: end) + end
    }

    /// The indentation of the section's first key.
    private static func indentation(below section: Int, in lines: [String]) -> String? {
        let first = lines[(section + 1)...].first { line in
            let text = line.drop { $0 == " " }
            return !text.isEmpty && text.first != "#"
        }
        let spaces = first?.prefix { $0 == " " }
        return spaces.flatMap { $0.isEmpty ? nil : String($0) }
    }

    /// Plain where YAML reads the same text then.
    private static func scalar(_ text: String) -> String {
        if text.wholeMatch(of: /[A-Za-z0-9_.\/~-][A-Za-z0-9_.\/+=@-]*/) != nil, text != "~" { return text }
        let escaped = text.unicodeScalars.map { $0 == "\"" || $0 == "\\" ? "\\\($0)" : "\($0)" }.joined()
        return "\"\(escaped)\""
    }
}

extension InventoryReader {
    /// The text of the inventory at the path with the keys in it: whoever reads it finds everything else as it was. nil
    /// where that cannot be promised, and the keys are better typed by a person.
    package func adding(_ keys: ServiceKeys, to path: String) throws -> String? {
        let text = try InventoryFile(path: path).text()
        var wanted = try read(text, at: path)
        guard wanted.service.trainingData == nil, wanted.service.model == nil, let changed = keys.added(to: text),
            let found = try? read(changed, at: path)
        else { return nil }
        wanted.service.model = found.service.model
        wanted.service.target = keys.target
        wanted.service.index = keys.index
        return found == wanted && found.service.model != nil ? changed : nil
    }
}
