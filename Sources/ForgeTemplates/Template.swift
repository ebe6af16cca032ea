import ForgeCore

/// A text with `{{ name }}` in it. No conditions and no loops: logic lives in Swift, templates are text.
package struct Template: Sendable, Hashable {
    /// Its path below `templates/`, for errors.
    package let path: String
    /// The text as it is in the file, its names not replaced yet.
    package let text: String

    package init(path: String, text: String) {
        self.path = path
        self.text = text
    }

    /// Every name replaced by its value. A name without a value, a value without a name, and an unclosed `{{` are
    /// problems.
    package func render(_ values: [String: String] = [:]) throws(Problem) -> String {
        var result = ""
        var unused = Set(values.keys)
        var rest = text[...]
        while let open = rest.firstRange(of: "{{ ") {
            guard let close = rest[open.upperBound...].firstRange(of: " }}") else {
                throw unclosed(rest[open.lowerBound...])
            }
            let name = String(rest[open.upperBound..<close.lowerBound])
            guard let value = values[name] else { throw unknown(name, values.keys) }
            unused.remove(name)
            result += rest[..<open.lowerBound] + value
            rest = rest[close.upperBound...]
        }
        if let name = unused.min() { throw neverUsed(name) }
        return result + rest
    }

    /// Whether it says where the value of this name goes.
    package func names(_ name: String) -> Bool { text.contains("{{ \(name) }}") }

    private func unclosed(_ rest: Substring) -> Problem {
        let line = rest.prefix { !$0.isNewline }
        return Problem(
            what: "templates/\(path) cannot be rendered", why: "`\(line)` opens {{ and never closes it",
            fix: "write {{ name }}")
    }

    private func unknown(_ name: String, _ known: some Collection<String>) -> Problem {
        Problem(
            what: "templates/\(path) cannot be rendered", why: "{{ \(name) }} has no value",
            fix: "use one of: \(known.sorted().joined(separator: ", "))")
    }

    private func neverUsed(_ name: String) -> Problem {
        Problem(
            what: "templates/\(path) cannot be rendered", why: "it does not say where {{ \(name) }} goes",
            fix: "put {{ \(name) }} back, or do without the overlay (--templates)")
    }
}
