import ForgeCore

/// `.package`: one call of the package manager for all names.
struct PackageSection: Section {
    private let names: [String]
    private let manager = PackageManager.apt

    init(_ questions: [Question]) {
        names = questions.compactMap { if case .package(let name) = $0 { name } else { nil } }.uniqued()
    }

    var isEmpty: Bool { names.isEmpty }

    var script: String { "frame 0 \"$(\(manager.states(names)))\"" }

    func parse(_ frames: inout Frames) throws(Frames.Broken) -> [Question: Answer] {
        var states: [String: PackageState] = [:]
        for line in try frames.next().lines {
            guard let (name, state) = manager.state(line) else {
                throw Frames.Broken(reason: "dpkg-query printed “\(line)”")
            }
            states[name] = state
        }
        return Dictionary(names.map { (.package($0), .package(states[$0] ?? PackageState())) }) { first, _ in first }
    }
}
