import ForgeCore
import ForgeInventory
import Yams

/// A kubeconfig's text and what YAML makes of it. Scalars stay the text that they are: `0123456` is no number here.
enum KubeconfigText {
    private static let fix = "see `kubectl config view`; name another file with KUBECONFIG"

    static let empty = "apiVersion: v1\nkind: Config\n"

    /// kubectl takes an empty file for one without entries.
    static func filled(_ text: String) -> String { text.allSatisfy(\.isWhitespace) ? empty : text }

    static func root(_ text: String) throws(Problem) -> Node.Mapping {
        let node: Node?
        do throws(YAMLSyntaxError) {
            node = try YAMLDocument(filled(text)).root()
        } catch {
            throw Problem(
                what: "your kubeconfig could not be read; it was not changed", why: error.sentence,
                fix: error.fix.map { "\($0), or name another file with KUBECONFIG" } ?? fix)
        }
        guard let root = node?.mapping else {
            throw Problem(
                what: "your kubeconfig is not valid; it was not changed", why: "it is not a mapping", fix: fix)
        }
        for list in ["clusters", "contexts", "users"] where !isList(root.node(list)) {
            throw Problem(
                what: "your kubeconfig is not valid; it was not changed", why: "\(list) is not a list", fix: fix)
        }
        return root
    }

    private static func isList(_ node: Node?) -> Bool { node?.sequence != nil || node.isEmpty }

    /// The text with what differs put in its place: comments and layout of all else stay. Where that cannot be done
    /// (JSON, say) the whole is rewritten, with the same values.
    static func edited(_ text: String, to root: Node.Mapping) throws(Problem) -> String {
        if let edited = KubeconfigEdit(text).applied(root), let again = try? Self.root(edited), again == root {
            return edited
        }
        return try rendered(.mapping(root))
    }

    static func rendered(_ node: Node) throws(Problem) -> String {
        do {
            return try Yams.serialize(node: node, width: -1, allowUnicode: true)
        } catch {
            throw Problem(what: "the kubeconfig cannot be written", why: "\(error)", fix: fix)
        }
    }
}

/// An edit by lines, of a file in the block style that kubectl and people write. It may be wrong: who uses it compares.
private struct KubeconfigEdit {
    /// Each with its line end.
    private var lines: [String]
    /// Added lines end as the first line of the file does.
    private let lineEnd: String

    init(_ text: String) {
        lines = YAMLDocument.lines(of: text)
        lineEnd = lines.first?.hasSuffix("\r\n") == true ? "\r\n" : "\n"
        if let last = lines.popLast(), !last.isEmpty { lines.append(last + lineEnd) }
    }

    private var text: String { lines.joined() }

    /// The lines of what was rendered, with the file's line ends.
    private func added(_ rendered: String) -> [String] {
        YAMLDocument.lines(of: rendered).filter { !$0.isEmpty }.map {
            $0.hasSuffix("\n") ? String($0.dropLast()) + lineEnd : $0
        }
    }

    func applied(_ root: Node.Mapping) -> String? {
        var edit = self
        for list in ["clusters", "users", "contexts"] {
            for item in root.node(list)?.sequence ?? Node.Sequence([]) where !edit.put(item, list) { return nil }
        }
        guard let current = root.node("current-context"), edit.set("current-context", current) else { return nil }
        return edit.text
    }

    private mutating func put(_ item: Node, _ list: String) -> Bool {
        guard let root = try? KubeconfigText.root(text), let entry = try? KubeconfigText.rendered(.sequence([item]))
        else { return false }
        let new = added(entry)
        guard let section = section(list, root) else {
            lines += [list + ":" + lineEnd] + new
            return true
        }
        guard let items = root.node(list)?.sequence, !items.isEmpty else {
            lines.replaceSubrange(section, with: [list + ":" + lineEnd] + new)
            return section.count == 1
        }
        if items.contains(item) { return true }
        let starts = items.compactMap { $0.mapping?.keyMark.map { $0.line - 1 } }
        guard starts.count == items.count, let first = starts.first, first > section.lowerBound,
            first < section.upperBound, starts.allSatisfy(lines.indices.contains),
            lines[first].drop(while: { $0 == " " }).hasPrefix("- ")
        else { return false }
        let indented = new.map { String(repeating: " ", count: lines[first].prefix { $0 == " " }.count) + $0 }
        let place = items.firstIndex { $0.mapping?.text("name") == item.mapping?.text("name") }
        let ends = starts.dropFirst() + [section.upperBound]
        guard let place else {
            lines.insert(contentsOf: indented, at: trimmed(first..<section.upperBound).upperBound)
            return true
        }
        guard starts[place] < ends[place + ends.startIndex] else { return false }
        lines.replaceSubrange(trimmed(starts[place]..<ends[place + ends.startIndex]), with: indented)
        return true
    }

    private mutating func set(_ key: String, _ value: Node) -> Bool {
        guard let root = try? KubeconfigText.root(text),
            let shown = try? KubeconfigText.rendered(.mapping([Node(key): value]))
        else {
            return false
        }
        if root.node(key) == value { return true }
        guard let section = section(key, root) else {
            lines += added(shown)
            return true
        }
        lines.replaceSubrange(section, with: added(shown))
        return section.count == 1
    }

    /// The lines of a key of the whole file, without comments and empty lines after them.
    private func section(_ key: String, _ root: Node.Mapping) -> Range<Int>? {
        let starts = root.map { ($0.key.string, ($0.key.mark?.line ?? 1) - 1) }
        guard let start = starts.first(where: { $0.0 == key })?.1 else { return nil }
        let end = starts.map(\.1).filter { $0 > start }.min() ?? lines.count
        return lines.indices.contains(start) && end <= lines.count ? trimmed(start..<end) : nil
    }

    private func trimmed(_ range: Range<Int>) -> Range<Int> {
        var end = range.upperBound
        while end > range.lowerBound + 1 {
            let line = lines[end - 1].drop { $0 == " " }
            guard line.allSatisfy(\.isNewline) || line.hasPrefix("#") || line.trimming(while: \.isNewline) == "..."
            else { break }
            end -= 1
        }
        return range.lowerBound..<end
    }
}

extension Node.Mapping {
    var names: [String] { compactMap(\.key.string) }

    /// Where its first key stands.
    fileprivate var keyMark: Mark? { first?.key.mark }

    func node(_ name: String) -> Node? { first { $0.key.string == name }?.value }

    /// A scalar that is not null.
    func text(_ name: String) -> String? { node(name).flatMap { $0.isNull ? nil : $0.string } }

    mutating func set(_ name: String, _ text: String) {
        if self.text(name) != text { set(name, Node(plain: text)) }
    }

    mutating func set(_ name: String, _ value: Node) {
        let place = firstIndex { $0.key.string == name }
        let pairs = enumerated().map { ($1.key, $0 == place ? value : $1.value) }
        self = Node.Mapping(place == nil ? pairs + [(Node(name), value)] : pairs, tag, style)
    }

    mutating func remove(_ name: String) {
        self = Node.Mapping(filter { $0.key.string != name }.map { ($0.key, $0.value) }, tag, style)
    }
}

extension Node {
    /// A text that every reader takes for one: quoted where a reader might see a number or a truth value.
    init(plain text: String) {
        let isText = Resolver.default.resolveTag(of: Node(text)) == .str
        self = Node(text, .implicit, isText ? .any : .doubleQuoted)
    }

    /// The text of a scalar, as it stands there.
    var string: String? { scalar?.string }

    fileprivate var isNull: Bool {
        scalar.map { $0.style == .plain && ["", "~", "null", "Null", "NULL"].contains($0.string) } ?? false
    }
}

extension Node? {
    fileprivate var isEmpty: Bool { self?.isNull ?? true }
}
