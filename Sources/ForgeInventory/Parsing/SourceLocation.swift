import Yams

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

    /// Where the text behind `text` begins.
    init(after text: some StringProtocol) {
        let lines = text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false)
        self.init(line: lines.count, column: (lines.last?.count ?? 0) + 1)
    }

    var description: String { "\(line):\(column)" }

    static func < (left: SourceLocation, right: SourceLocation) -> Bool {
        (left.line, left.column) < (right.line, right.column)
    }
}
