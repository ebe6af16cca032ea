import Yams

/// A text that is not YAML, or more YAML than kubeforge reads.
package struct YAMLSyntaxError: Error {
    let error: ValidationError
    let location: SourceLocation

    /// What is wrong and where, without a word of the text: `line 3, column 10: aliases (*name) are not read`.
    package var sentence: String { "line \(location.line), column \(location.column): \(error.sentence)" }

    /// How to write it instead, where that is known.
    package var fix: String? { error.fix }
}

/// The one YAML document of a text, without aliases.
package struct YAMLDocument {
    private let text: String

    package init(_ text: String) { self.text = text }

    /// Its root, in which every scalar is the text that it is; nil where there are only comments.
    package func root() throws(YAMLSyntaxError) -> Node? {
        try refuseAliases()
        return try compose(text)
    }

    /// The lines of a text as YAML counts them, each with its line end; the last is what follows the last line end.
    package static func lines(of text: String) -> [String] {
        var (lines, line, isAfterReturn) = ([String](), String.UnicodeScalarView(), false)
        func end() {
            lines.append(String(line))
            line.removeAll()
        }
        for scalar in text.unicodeScalars {
            if isAfterReturn, scalar != "\n" { end() }
            line.append(scalar)
            isAfterReturn = scalar == "\r"
            switch scalar {
            case "\n", "\u{85}", "\u{2028}", "\u{2029}": end()
            default: break
            }
        }
        if isAfterReturn { end() }
        return lines + [String(line)]
    }

    /// An alias makes a short file as large as it likes ("billion laughs"), and Yams hands out copies that look like
    /// any other node.
    /// With every anchor turned into something else, the first alias has nothing to refer to and is found where it
    /// stands.
    private func refuseAliases() throws(YAMLSyntaxError) {
        if text.utf8.contains(UInt8(ascii: "&")) { _ = try compose(text.replacing("&", with: "!")) }
    }

    /// `basic`: every value stays the text that it is. And without its regular expressions a large file is quick to
    /// read.
    private func compose(_ text: String) throws(YAMLSyntaxError) -> Node? {
        do {
            return try Parser(yaml: text, resolver: .basic, encoding: .utf8).singleRoot()
        } catch let error as YamlError {
            throw YAMLSyntaxError(error, in: text)
        } catch {
            throw YAMLSyntaxError(error: ValidationError("is not YAML", why: "\(error)"), location: .start)
        }
    }
}

extension YAMLSyntaxError {
    fileprivate init(_ error: YamlError, in text: String) {
        switch error {
        case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _):
            self.init(syntax: problem, context: context, at: mark, in: text)
        case .composer(_, let problem, let mark, _):
            self.init(error: .composer(problem), location: SourceLocation(mark))
        case .duplicatedKeysInMapping(let keys, let context):
            let error = ValidationError("\((keys.first ?? "").shown): appears more than once", fix: "keep one of them")
            self.init(error: error, location: SourceLocation(context.mark))
        case .reader(let problem, let offset, _, let text):
            let location = SourceLocation(after: text.prefix(offset ?? 0))
            self.init(error: ValidationError("is not YAML: \(problem)"), location: location)
        default:
            self.init(error: ValidationError("is not YAML", why: "\(error)"), location: .start)
        }
    }

    private init(syntax problem: String, context: YamlError.Context?, at mark: Mark, in text: String) {
        let location = SourceLocation(mark)
        if location.character(of: text) == "\t" {
            self.init(
                error: ValidationError("a tab", why: "YAML is indented with spaces only", fix: "replace it by spaces"),
                location: location)
        } else {
            let why = context.map { "\($0.text) that begins in line \($0.mark.line)" }
            self.init(error: ValidationError("is not YAML: \(problem)", why: why), location: location)
        }
    }
}

extension ValidationError {
    fileprivate static func composer(_ problem: String) -> ValidationError {
        switch problem {
        case "found undefined alias": ValidationError("aliases (*name) are not read", fix: "write the value out")
        case "but found another document":
            ValidationError("a second document begins here", why: "the file must be a single YAML document")
        default: ValidationError("is not YAML: \(problem)")
        }
    }
}

extension SourceLocation {
    fileprivate func character(of text: String) -> Unicode.Scalar? {
        let lines = YAMLDocument.lines(of: text)
        return lines.indices.contains(line - 1) ? lines[line - 1].unicodeScalars.dropFirst(column - 1).first : nil
    }
}
