import ForgeCore
import Yams

/// The problems of one file, gathered while it is read, told in the order of the file.
final class Diagnostics {
    /// A file that is wrong from end to end is told as such; its thousandth problem helps nobody.
    static let most = 100

    private let path: String
    private var found: [(location: SourceLocation, problem: Problem)] = []
    private var untold = 0

    init(path: String) { self.path = path }

    func add(_ error: @autoclosure () -> ValidationError, about name: String = "", at location: SourceLocation) {
        guard found.count < Self.most else {
            untold += 1
            return
        }
        let error = error()
        let subject = name.isEmpty ? "" : "\(name): "
        let what = "\(path):\(location)  \(subject)\(error.sentence)"
        found.append((location, Problem(.invalidInventory, what: what, why: error.why, fix: error.fix)))
    }

    /// Nil when nothing is wrong.
    var problems: Problems? {
        guard !found.isEmpty else { return nil }
        // By their number, too, so that two problems of one place keep the order in which they were found.
        let inOrder = found.enumerated().sorted { ($0.element.location, $0.offset) < ($1.element.location, $1.offset) }
        return Problems(inOrder.map(\.element.problem) + rest)
    }

    private var rest: [Problem] {
        untold == 0
            ? [] : [Problem(.invalidInventory, what: "\(path):\(SourceLocation.start)  has \(untold) more problems")]
    }
}

/// Where something stands in the file; both numbers count from 1, columns in Unicode scalars.
struct SourceLocation: Hashable, Comparable, CustomStringConvertible {
    let line: Int
    let column: Int

    static let start = SourceLocation(line: 1, column: 1)

    init(line: Int, column: Int) {
        self.line = line
        self.column = column
    }

    init(_ mark: Mark) { self.init(line: mark.line, column: mark.column) }

    /// Where the text after `text` begins.
    init(after text: some StringProtocol) {
        let lines = YAMLDocument.lines(of: String(text))
        self.init(line: lines.count, column: (lines.last?.unicodeScalars.count ?? 0) + 1)
    }

    var description: String { "\(line):\(column)" }

    static func < (left: SourceLocation, right: SourceLocation) -> Bool {
        (left.line, left.column) < (right.line, right.column)
    }
}

/// What is wrong with one value: the words of a `Problem` that does not know yet where it stands.
struct ValidationError: Error, Hashable {
    /// Follows the value's name: "needs three numbers, such as 1.36.2".
    let sentence: String
    let why: String?
    let fix: String?

    init(_ sentence: String, why: String? = nil, fix: String? = nil) {
        self.sentence = sentence
        self.why = why
        self.fix = fix
    }
}

extension String {
    /// The text as it can be put into a message: one line, nothing invisible, not too long.
    var shown: String {
        let visible = unicodeScalars.prefix(61).map {
            $0.isControl ? "\\u{\(String($0.value, radix: 16))}" : String($0)
        }
        return visible.prefix(60).joined() + (visible.count > 60 ? "…" : "")
    }
}

extension Unicode.Scalar {
    /// Whether it ends a line or does something to a terminal.
    var isControl: Bool {
        switch properties.generalCategory {
        case .control, .lineSeparator, .paragraphSeparator: true
        default: false
        }
    }
}

/// Where people see what an inventory looks like.
enum InventoryExample {
    static let advice = "inventory/example.yaml of kubeforge shows every key"
}
