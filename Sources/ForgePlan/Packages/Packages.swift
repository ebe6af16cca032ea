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
        by manager: PackageManager, proxy: Proxy? = nil, locks: AptLocks = AptLocks()
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

    /// Those that are there already are not named again: the package manager would upgrade them, held ones and the
    /// runtime of running containers, too. Throws what the package manager says, and what a person does about it.
    package func apply(to machine: Machine) async throws {
        let answers = try await machine.ask(questions)
        let wrong = names.filter { !isInstalled(answers.package($0)) }
        switch manager {
        case .apt:
            let apt = AptInstallation(machine, proxy: proxy, locks: locks)
            if !wrong.isEmpty { try await apt.install(wrong, version: version) }
            if isHeld { try await apt.hold(names) }
        }
    }

    private func isInstalled(_ state: PackageState) -> Bool {
        state.installed.map { installed in version.map(installed.hasPrefix) ?? true } ?? false
    }
}

/// Packages come onto a machine by apt.
private struct AptInstallation {
    private let machine: Machine
    private let proxy: Proxy?
    private let locks: AptLocks

    init(_ machine: Machine, proxy: Proxy?, locks: AptLocks) {
        (self.machine, self.proxy, self.locks) = (machine, proxy, locks)
    }

    /// Indices of a fresh machine are empty or old: when apt does not find a package, they are fetched again and it is
    /// asked once more.
    /// An update that fails is told only if the packages cannot be had without it: the fault may be another
    /// repository's.
    func install(_ names: [String], version: String?) async throws {
        let install = Apt.install(names, version: version).aptThrough(proxy)
        var result = try await (command: install, output: machine.attempt(install, waitingFor: locks))
        if Apt.wantsRepair(result.output) {
            try await repair()
            result.output = try await machine.attempt(install, waitingFor: locks)
        }
        if Apt.wantsUpdate(result.output) {
            let refresh = Apt.update.aptThrough(proxy)
            let update = try await machine.attempt(refresh, waitingFor: locks)
            result.output = try await machine.attempt(install, waitingFor: locks)
            if !result.output.isSuccess, !update.isSuccess { result = (refresh, update) }
        }
        guard result.output.isSuccess else {
            throw Problem(
                apt: result.command, on: machine.host, result.output, fix: Apt.fix(result.output, on: machine.host))
        }
    }

    /// Finishes what a machine that was reset, or an apt that was killed, left half done: apt refuses everything
    /// before. Once: what does not heal then is told.
    private func repair() async throws {
        let configured = try await machine.attempt(Apt.configure, waitingFor: locks)
        let halves = Apt.halfInstalled(try await machine.attempt(Apt.halfInstalled).text)
        if halves.isEmpty {
            try check(Apt.configure, configured)
        } else {
            // What depends on them can be set up only then.
            try await finish(Apt.reinstall(halves).aptThrough(proxy))
        }
        try await finish(Apt.fixBroken.aptThrough(proxy))
        machine.tell("an interrupted installation was finished")
    }

    private func finish(_ command: Command) async throws {
        try check(command, try await machine.attempt(command, waitingFor: locks))
    }

    private func check(_ command: Command, _ output: Output) throws(Problem) {
        guard output.isSuccess else {
            throw Problem(apt: command, on: machine.host, output, fix: Apt.repairFix(output, on: machine.host))
        }
    }

    func hold(_ names: [String]) async throws {
        let command = Command([Word("apt-mark"), "hold", "--"] + names.map { Word($0) }).asRoot()
        let output = try await machine.attempt(command, waitingFor: locks)
        guard output.isSuccess else {
            throw Problem(apt: command, on: machine.host, output, fix: Apt.fix(output, on: machine.host))
        }
    }
}

extension Problem {
    /// A call of apt or dpkg that ended badly, with all that it calls an error: the last one often says no more than
    /// that there was one.
    init(apt command: Command, on host: Host, _ output: Output, fix: String) {
        self.init(failed: command, on: host, output, fix: fix)
        why = Apt.errors(output) ?? why
    }
}

/// How long a command waits for locks that another package manager holds.
///
/// `DPkg::Lock::Timeout` is read for dpkg's locks only (apt-pkg/deb/debsystem.cc). For /var/lib/apt/lists/lock and
/// /var/cache/apt/archives/lock apt gives up at once, and a fresh VM holds them in its first minutes: apt-daily,
/// unattended-upgrades, cloud-init's `package_update`.
package struct AptLocks: Sendable {
    /// Counted from the first attempt; when it is over, the attempt throws a problem that names the holder.
    package var limit: Duration
    /// Between two attempts.
    package var pause: Duration

    package init(limit: Duration = .seconds(300), pause: Duration = .seconds(2)) {
        self.limit = limit
        self.pause = pause
    }

    /// What apt and dpkg say of the lock, the holder included; nil when something else is wrong, such as missing
    /// permissions.
    static func complaint(_ output: Output) -> String? {
        if output.isSuccess { return nil }
        return output.errorText.split(whereSeparator: \.isNewline).map { $0.trimming(while: \.isWhitespace) }.first {
            $0.contains("Could not get lock") || $0.contains("was locked by another process")
        }
    }
}

extension Machine {
    /// As `attempt`, for a command of apt or dpkg: it is repeated while somebody holds a lock, and says who.
    package func attempt(_ command: Command, waitingFor locks: AptLocks) async throws -> Output {
        let end = ContinuousClock.now + locks.limit
        var told = ""
        while true {
            let output = try await attempt(command)
            guard let complaint = AptLocks.complaint(output) else { return output }
            guard ContinuousClock.now < end else { throw Problem(lockedOut: command, of: host, locks.limit, complaint) }
            if complaint != told { say("waits: \(complaint)") }
            told = complaint
            try await pause(locks.pause)
        }
    }
}

extension Problem {
    fileprivate init(lockedOut command: Command, of host: Host, _ limit: Duration, _ complaint: String) {
        self.init(
            what:
                "\(host.name): another package manager is running and did not end within \(limit.components.seconds) s",
            why: complaint,
            fix:
                """
                see what it does: `ps aux | grep -E 'apt|dpkg|unattended'` on \(host.name); run again when it has ended
                """
        )
    }
}
