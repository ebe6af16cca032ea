import Yams

/// A text that is not YAML, or more YAML than an inventory may use.
struct Unreadable: Error {
    let complaint: Complaint
    let place: Place
}

/// The one YAML document of a text, without aliases.
struct YAMLDocument {
    private let text: String

    init(_ text: String) { self.text = text }

    func root() throws(Unreadable) -> Node {
        try refuseAliases()
        guard let root = try compose(text) else {
            let isEmpty = text.allSatisfy(\.isWhitespace)
            let complaint = Complaint(isEmpty ? "is empty" : "has nothing but comments", fix: InventoryExample.advice)
            throw Unreadable(complaint: complaint, place: .start)
        }
        return root
    }

    /// An alias makes a short file as large as it likes ("billion laughs"), and Yams hands out copies that look like any other node.
    /// With every anchor turned into something else, the first alias has nothing to refer to and is found where it stands.
    private func refuseAliases() throws(Unreadable) {
        if text.utf8.contains(UInt8(ascii: "&")) { _ = try compose(text.replacing("&", with: "!")) }
    }

    /// `basic`: every value stays the text that it is. And without its regular expressions a large file is quick to read.
    private func compose(_ text: String) throws(Unreadable) -> Node? {
        do {
            return try Parser(yaml: text, resolver: .basic, encoding: .utf8).singleRoot()
        } catch let error as YamlError {
            throw Unreadable(error, in: text)
        } catch {
            throw Unreadable(complaint: Complaint("is not YAML", why: "\(error)"), place: .start)
        }
    }
}

extension Unreadable {
    fileprivate init(_ error: YamlError, in text: String) {
        switch error {
        case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _):
            self.init(syntax: problem, context: context, at: mark, in: text)
        case .composer(_, let problem, let mark, _):
            self.init(complaint: .composer(problem), place: Place(mark))
        case .duplicatedKeysInMapping(let keys, let context):
            let complaint = Complaint("\((keys.first ?? "").shown): is there more than once", fix: "keep one of them")
            self.init(complaint: complaint, place: Place(context.mark))
        case .reader(let problem, let offset, _, let text):
            let place = Place(after: text.prefix(offset ?? 0))
            self.init(complaint: Complaint("is not YAML: \(problem)"), place: place)
        default:
            self.init(complaint: Complaint("is not YAML", why: "\(error)"), place: .start)
        }
    }

    private init(syntax problem: String, context: YamlError.Context?, at mark: Mark, in text: String) {
        let place = Place(mark)
        if place.character(of: text) == "\t" {
            self.init(complaint: Complaint("a tab", why: "YAML is indented with spaces only", fix: "replace it by spaces"), place: place)
        } else {
            let why = context.map { "\($0.text) that begins in line \($0.mark.line)" }
            self.init(complaint: Complaint("is not YAML: \(problem)", why: why), place: place)
        }
    }
}

extension Complaint {
    fileprivate static func composer(_ problem: String) -> Complaint {
        switch problem {
        case "found undefined alias": Complaint("aliases (*name) are not read", fix: "write the value out")
        case "but found another document": Complaint("a second document begins here", why: "an inventory is one document")
        default: Complaint("is not YAML: \(problem)")
        }
    }
}

extension Place {
    fileprivate func character(of text: String) -> Unicode.Scalar? {
        let lines = text.unicodeScalars.split(separator: "\n", maxSplits: line, omittingEmptySubsequences: false)
        return line <= lines.count ? lines[line - 1].dropFirst(column - 1).first : nil
    }
}
