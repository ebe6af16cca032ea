import ForgeCore

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
                    why: "and the host did not end it either",
                    fix: "on \(host.name): `ps -ef` tells whether it still runs")
            case .containsNUL:
                Problem(
                    what: "\(host.name): \(name) was not run",
                    why: "a word of it has a zero byte, which no argument can have")
            case .localFile(let path, let reason):
                Problem(
                    what: "\(host.name): \(name) was not run to its end, because of \(path) here", why: reason,
                    fix: "`ls -l \(path.shellQuoted)`")
            default: Problem(error, connectingTo: host, options)
            }
    }
}
