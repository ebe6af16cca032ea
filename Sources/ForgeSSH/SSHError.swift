import ForgeCore

/// Everything that can go wrong between here and a host; `Problem.init(_:host:…)` gives each its words.
enum SSHError: Error, Hashable {
    // The way there.
    /// The resolver's reason.
    case unknownName(String)
    case network(CInt)
    case timedOut
    /// The resolver had not answered when the time was over.
    case resolverSilent
    /// The host closed the connection before it said that it speaks SSH; it may have said something else.
    case closedBeforeBanner(said: String)
    case handshake(String)

    // Who is it?
    case unknownHostKey(HostKey)
    case changedHostKey(HostKey, KnownHosts.Place)
    case revokedHostKey(HostKey, KnownHosts.Place)
    /// Only an authority's key is known, whose certificates libssh cannot check.
    case certifiedHostKey(HostKey, KnownHosts.Place)
    case knownHosts(String, reason: String)
    case knownHostsLocked(String)

    // Who are we?
    case keyMissing(String)
    case keyUnreadable(String, reason: String)
    case keyTooOpen(String, mode: UInt32)
    case keyNeedsPassphrase(String, Unlocked)
    case notAKey(String)
    case noCredentials(agent: String)
    case agentSilent(String)
    /// `locked`: usual key files that have a passphrase, and are not in the agent.
    case denied(tried: [String], locked: [String], accepted: [String])
    case tooManyKeys(String)
    /// The key was accepted, and is not enough.
    case secondFactor(key: [String], wanted: [String])
    /// The host has closed the connection in the middle of the login.
    case loginEnded(String, said: String)

    // In use.
    case lost(String)
    case closed
    case sessionRefused(String)
    case timeLimitNotEnforced
    case containsNUL
    case localFile(String, reason: String)
    case cancelled
}

extension SSHError {
    /// Why ssh-agent is no help with a key file that has a passphrase.
    enum Unlocked {
        case noAgent, otherKeys, noPublicHalf
    }
}

/// The public key that a host has shown.
struct HostKey: Hashable {
    /// The type as known_hosts has it: `ssh-ed25519`.
    let type: String
    let base64: String
    /// The fingerprint as `ssh-keygen -l` prints it: `SHA256:…`.
    let fingerprint: String
}

extension SSHError {
    /// A host that is on its way: systemd lets nobody but root in before it has come up (pam_nologin).
    var isOfABootingHost: Bool {
        if case .loginEnded(_, let said) = self { said.contains("System is booting up") } else { false }
    }

    /// The other side has closed, and says no reason that libssh could read. sshd drops connections at random while
    /// more than MaxStartups are logging in; and of a host that refuses the algorithms, libssh at times sees the end
    /// before the list of what it wants.
    var endsTheConnection: Bool {
        switch self {
        case .closedBeforeBanner: true
        case .handshake(let reason): reason.hasPrefix("Socket error")
        default: false
        }
    }

    /// Failures of one key file, which another one may make good.
    var isAboutAKeyFile: Bool {
        switch self {
        case .keyMissing, .keyUnreadable, .keyTooOpen, .keyNeedsPassphrase, .notAKey: true
        default: false
        }
    }
}

extension Problem {
    /// A command that could not be run to its end. One that failed on the host is no problem of the connection, but an
    /// `Output`.
    init(_ error: SSHError, running command: Command, on host: Host, _ options: SSHOptions) {
        let name = "`\(command.summary)`"
        let again =
            """
            run this again when \(host.name) answers: `ssh -p \(host.access.port) \
            \("\(host.access.user)@\(host.outerAddress)".shellQuoted) uptime`
            """
        self =
            switch error {
            case .lost(let reason):
                Problem(
                    .unreachable, what: "\(host.name): the connection was lost with \(name)", why: reason, fix: again)
            case .closed:
                Problem(.unreachable, what: "\(host.name): \(name) was not run", why: "the connection is closed")
            case .sessionRefused(let reason):
                Problem(
                    .unreachable, what: "\(host.name): the host does not start \(name)", why: reason,
                    fix: "on \(host.name): `sshd -T | grep -i -e maxsessions -e forcecommand`")
            case .timeLimitNotEnforced:
                Problem(
                    .unreachable,
                    what:
                        """
                        \(host.name): \(name) did not end within its time limit of \
                        \(command.timeLimit.components.seconds) s
                        """,
                    why: "the host did not end it either",
                    fix: "on \(host.name): `ps -ef` tells whether it still runs")
            case .containsNUL:
                Problem(
                    what: "\(host.name): \(name) was not run",
                    why: "an argument of it contains a NUL byte")
            case .localFile(let path, let reason):
                Problem(
                    what: "\(host.name): \(name) did not finish, because of \(path) here", why: reason,
                    fix: "`ls -l \(path.shellQuoted)`")
            default: Problem(error, connectingTo: host, options)
            }
    }
}
