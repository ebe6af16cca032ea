import ForgeCore

/// Packages come onto a machine by apt.
struct AptInstallation {
    private let machine: Machine
    private let proxy: Proxy?
    private let locks: AptLocks

    init(_ machine: Machine, proxy: Proxy?, locks: AptLocks) {
        (self.machine, self.proxy, self.locks) = (machine, proxy, locks)
    }

    /// Indices of a fresh machine are empty or old: when apt does not find a package, they are fetched anew and it is
    /// asked once more.
    /// An update that fails is told only if the packages cannot be had without it: the fault may be another
    /// repository's.
    func install(_ packages: [String]) async throws {
        let install = Apt.install(packages).aptThrough(proxy)
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
        for command in [Apt.configure, Apt.fixBroken.aptThrough(proxy)] {
            let output = try await machine.attempt(command, waitingFor: locks)
            guard output.isSuccess else {
                throw Problem(apt: command, on: machine.host, output, fix: Apt.repairFix(output, on: machine.host))
            }
        }
        machine.tell("an installation that had been interrupted was finished")
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
