import ForgeCore

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
