import Yams

/// A text that is not YAML, or more YAML than an inventory may use.
struct YAMLSyntaxError: Error {
    let error: ValidationError
    let location: SourceLocation
}

/// The one YAML document of a text, without aliases.
struct YAMLDocument {
    private let text: String

    init(_ text: String) { self.text = text }

    func root() throws(YAMLSyntaxError) -> Node {
        try refuseAliases()
        guard let root = try compose(text) else {
            let isEmpty = text.allSatisfy(\.isWhitespace)
            let error = ValidationError(isEmpty ? "is empty" : "has nothing but comments", fix: InventoryExample.advice)
            throw YAMLSyntaxError(error: error, location: .start)
        }
        return root
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
            let error = ValidationError("\((keys.first ?? "").shown): is there more than once", fix: "keep one of them")
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
            ValidationError("a second document begins here", why: "an inventory is one document")
        default: ValidationError("is not YAML: \(problem)")
        }
    }
}

extension SourceLocation {
    fileprivate func character(of text: String) -> Unicode.Scalar? {
        let lines = text.unicodeScalars.split(separator: "\n", maxSplits: line, omittingEmptySubsequences: false)
        return line <= lines.count ? lines[line - 1].dropFirst(column - 1).first : nil
    }
}
