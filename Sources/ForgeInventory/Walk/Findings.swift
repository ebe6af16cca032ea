import ForgeCore

/// The problems of one file, gathered while it is read, told in the order of the file.
final class Findings {
    /// A file that is wrong from end to end is told as such; its thousandth problem helps nobody.
    static let most = 100

    private let path: String
    private var found: [(place: Place, problem: Problem)] = []
    private var untold = 0

    init(path: String) { self.path = path }

    func add(_ complaint: @autoclosure () -> Complaint, about name: String = "", at place: Place) {
        guard found.count < Self.most else {
            untold += 1
            return
        }
        let complaint = complaint()
        let subject = name.isEmpty ? "" : "\(name): "
        let what = "\(path):\(place)  \(subject)\(complaint.sentence)"
        found.append((place, Problem(.invalidInventory, what: what, why: complaint.why, fix: complaint.fix)))
    }

    /// Nil when nothing is wrong.
    var problems: Problems? {
        guard !found.isEmpty else { return nil }
        // By their number, too, so that two problems of one place keep the order in which they were found.
        let inOrder = found.enumerated().sorted { ($0.element.place, $0.offset) < ($1.element.place, $1.offset) }
        return Problems(inOrder.map(\.element.problem) + rest)
    }

    private var rest: [Problem] {
        untold == 0 ? [] : [Problem(.invalidInventory, what: "\(path):\(Place.start)  has \(untold) more problems")]
    }
}
