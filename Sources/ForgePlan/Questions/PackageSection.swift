import ForgeCore

/// `.package`: one `dpkg-query` for all names.
struct PackageSection: Section {
    private let names: [String]

    init(_ questions: [Question]) {
        names = questions.compactMap { if case .package(let name) = $0 { name } else { nil } }.uniqued()
    }

    var isEmpty: Bool { names.isEmpty }

    /// dpkg-query fails when it knows one of the names not at all; what it knows, it prints all the same.
    var script: String {
        let words = names.map(\.shellQuoted).joined(separator: " ")
        return "frame 0 \"$(dpkg-query -W -f '${Package}|${db:Status-Abbrev}|${Version}\\n' -- \(words) 2>/dev/null)\""
    }

    func parse(_ frames: inout Frames) throws(Frames.Broken) -> [Question: Answer] {
        var states: [String: PackageState] = [:]
        for line in try frames.next().lines {
            let fields = line.split(separator: "|", omittingEmptySubsequences: false).map(String.init)
            guard fields.count == 3 else { throw Frames.Broken(reason: "dpkg-query printed “\(line)”") }
            let isInstalled = fields[1].dropFirst().first == "i"
            states[fields[0]] = PackageState(installed: isInstalled ? fields[2] : nil, isHeld: fields[1].first == "h")
        }
        return Dictionary(names.map { (.package($0), .package(states[$0] ?? PackageState())) }) { first, _ in first }
    }
}
