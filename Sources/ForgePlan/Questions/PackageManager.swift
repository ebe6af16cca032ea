import ForgeCore

/// What brings packages onto a machine. A distribution names its own; one more is a case here. The compiler then shows
/// what each must say, `assumed` the looks that come before the distribution is known; repositories are steps of their
/// own (`AptRepository`).
package enum PackageManager: Sendable, Hashable, CaseIterable {
    /// apt and dpkg: Debian, Ubuntu.
    case apt

    /// The one that is asked by looks that do not know the distribution yet, or are the same for all.
    package static let assumed = PackageManager.apt

    /// A line of shell that prints `NAME|STATUS|VERSION` of those packages that the machine knows, as `state` reads it.
    func states(_ names: [String]) -> String {
        let words = names.map(\.shellQuoted).joined(separator: " ")
        switch self {
        // It fails when it does not know one of the names, but still prints what it knows.
        case .apt:
            return "dpkg-query -W -f '${Package}|${db:Status-Abbrev}|${Version}\\n' -- \(words) 2>/dev/null"
        }
    }

    /// A package and its state, of a line of `states`. nil where the line is none.
    func state(_ line: String) -> (name: String, state: PackageState)? {
        let fields = line.split(separator: "|", omittingEmptySubsequences: false).map(String.init)
        guard fields.count == 3 else { return nil }
        switch self {
        case .apt:
            let isInstalled = fields[1].dropFirst().first == "i"
            return (fields[0], PackageState(installed: isInstalled ? fields[2] : nil, isHeld: fields[1].first == "h"))
        }
    }

    /// A line of shell that prints what packages of this machine are built for: `amd64`, `arm64`.
    package var architectureLook: String {
        switch self {
        case .apt: "dpkg --print-architecture"
        }
    }

    /// A line of shell that prints those of the packages that are installed, a name a line.
    package func installedLook(_ packages: [String]) -> String {
        if packages.isEmpty { return ":" }
        let words = packages.map(\.shellQuoted).joined(separator: " ")
        switch self {
        case .apt:
            return "dpkg-query -W -f '${db:Status-Abbrev} ${Package}\\n' -- \(words) 2>/dev/null | sed -n 's/^.i. *//p'"
        }
    }

    /// A line of shell that prints what would be removed to install these, a name a line, and fails where the package
    /// manager does not know them.
    package func removalsLook(_ packages: [String]) -> String {
        let words = packages.map(\.shellQuoted).joined(separator: " ")
        switch self {
        case .apt:
            return "plan=$(LC_ALL=C apt-get -s -q -y --no-install-recommends install -- \(words) 2>/dev/null) "
                + "&& printf '%s\\n' \"$plan\" | sed -n 's/^Remv \\([^ ]*\\).*/\\1/p'"
        }
    }

    /// A line of shell that prints a line when the file is as the package shipped it.
    package func shippedLook(_ path: String, of package: String) -> String {
        switch self {
        case .apt:
            "[ -f \(path) ] && sum=$(md5sum <\(path)) && dpkg-query -W -f '${Conffiles}\\n' -- \(package) 2>/dev/null "
                + "| grep -F \" \(path) ${sum%% *}\""
        }
    }
}

/// `.package`: one call of the package manager for all names.
struct PackageSection: Section {
    private let names: [String]
    private let manager = PackageManager.assumed

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
            // It may be known for several architectures, and installed for one.
            if states[name]?.installed == nil { states[name] = state }
        }
        return Dictionary(names.map { (.package($0), .package(states[$0] ?? PackageState())) }) { first, _ in first }
    }
}
