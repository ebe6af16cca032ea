import ForgeCore

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
            what: "\(host.name): another package manager runs, and did not end within \(limit.components.seconds) s",
            why: complaint,
            fix:
                """
                see what it does: `ps aux | grep -E 'apt|dpkg|unattended'` on \(host.name); run again when it has ended
                """
        )
    }
}
