import ForgeCore

/// Packages are installed, at a version if one is given, and held if asked.
package struct Packages: Step {
    /// As the package manager names them, without versions.
    package let names: [String]
    /// A prefix such as `1.36.2-`: the revision after it is the repository's business.
    package let version: String?
    /// Held packages stay at their version when the machine's owner upgrades all others.
    package let isHeld: Bool
    /// Lists the packages unless a better one was given.
    package let title: String
    private let manager: PackageManager
    private let proxy: Proxy?
    private let locks: AptLocks

    package init(
        _ names: [String], version: String? = nil, isHeld: Bool = false, title: String? = nil,
        by manager: PackageManager = .apt, proxy: Proxy? = nil, locks: AptLocks = AptLocks()
    ) {
        self.manager = manager
        self.proxy = proxy
        self.names = names
        self.version = version
        self.isHeld = isHeld
        self.locks = locks
        self.title = title ?? "\(names.joined(separator: ", ")) \(names.count == 1 ? "is" : "are") installed"
    }

    package var questions: [Question] { names.map(Question.package) }

    /// One for each package, the gravest: missing, then of another version, then not held.
    package func differences(given answers: Answers) -> [Difference] {
        names.flatMap { differences(of: $0, answers.package($0)) }
    }

    private func differences(of name: String, _ state: PackageState) -> [Difference] {
        guard let installed = state.installed else { return ["\(name) is not installed"] }
        if let version, !installed.hasPrefix(version) { return [Difference(name, from: installed, to: version + "*")] }
        return isHeld && !state.isHeld ? ["\(name) is not held"] : []
    }

    /// Throws what the package manager says, and what a person does about it.
    package func apply(to machine: Machine) async throws {
        switch manager {
        case .apt:
            let apt = AptInstallation(machine, proxy: proxy, locks: locks)
            try await apt.install(names.map { name in version.map { "\(name)=\($0)*" } ?? name })
            if isHeld { try await apt.hold(names) }
        }
    }
}
