import ForgeCore
import Glibc

extension Problem {
    /// A host that could not be connected to.
    init(_ error: SSHError, connectingTo host: Host, _ options: SSHOptions) {
        let words = ConnectionMessages(host, options)
        self =
            switch error {
            case .unknownName, .resolverSilent, .network, .timedOut, .closedBeforeBanner, .handshake, .lost:
                words.way(error)
            case .unknownHostKey, .changedHostKey, .revokedHostKey, .certifiedHostKey, .knownHosts, .knownHostsLocked:
                words.hostKey(error)
            case .cancelled: Problem(.interrupted, what: "\(host.name): the connection was given up")
            default: words.login(error)
            }
    }
}

/// The sentences about one host.
private struct ConnectionMessages {
    let host: Host
    let place: String
    let name: String
    let knownHosts: String
    let keyPath: String?
    let connectSeconds: Int64
    private let hasConfiguration: Bool

    init(_ host: Host, _ options: SSHOptions) {
        self.host = host
        place = "\(host.outerAddress) port \(host.access.port)"
        name = KnownHosts.name(of: host)
        knownHosts = options.expanded(host.access.knownHostsPath)
        keyPath = host.access.keyPath.map(options.expanded)
        connectSeconds = options.connectTimeout.components.seconds
        hasConfiguration = access(options.homeDirectory + "/.ssh/config", F_OK) == 0
    }

    private func unreachable(_ what: String, why: String?, fix: String) -> Problem {
        Problem(.unreachable, what: "\(host.name): \(what)", why: why, fix: fix)
    }

    private var userAtHost: String { "\(host.access.user)@\(host.outerAddress)".shellQuoted }

    private var keyscan: String { "ssh-keyscan -p \(host.access.port) \(host.outerAddress)" }

    /// The same login with OpenSSH, which says more when it is asked to: without the files that kubeforge does not read
    /// either, so that it takes the same way.
    private var tryByHand: String {
        let key = keyPath.map { "-i \($0.shellQuoted) " } ?? ""
        return "`ssh -F none -v \(key)-p \(host.access.port) \(userAtHost)`"
    }

    /// The fix, and where ssh may find its way to the host although kubeforge does not.
    private func orConfigured(_ fix: String) -> String {
        guard hasConfiguration else { return fix }
        return """
            \(fix); kubeforge does not read ~/.ssh/config (HostName, Port, User, IdentityFile, ProxyJump): `ssh:` in \
            the inventory has `address:` (at a host), `port:`, `user:` and `key:`, and nothing for a jump host
            """
    }
}

extension ConnectionMessages {
    private var neverSSH: String {
        """
        something other than sshd listens there, or sshd has too many logins in progress (MaxStartups), or it bans \
        this address
        """
    }

    func way(_ error: SSHError) -> Problem {
        switch error {
        case .unknownName(let reason):
            unreachable(
                "the name \(host.outerAddress) cannot be resolved", why: reason,
                fix: orConfigured(
                    """
                    `getent ahostsv4 \(host.outerAddress)` on this computer; it is `ssh: address:` of \(host.name) in \
                    the inventory
                    """)
            )
        case .resolverSilent:
            unreachable(
                "the name \(host.outerAddress) was not resolved within \(connectSeconds) s",
                why: "this computer's name servers do not answer",
                fix: "`getent ahostsv4 \(host.outerAddress)` on this computer; /etc/resolv.conf names the servers")
        case .network(ECONNREFUSED):
            unreachable(
                "\(place) refuses the connection",
                why: "nothing listens there: sshd does not run, or listens on another port",
                fix: orConfigured(
                    """
                    on \(host.name): `systemctl status ssh` and `ss -tln`; another port is `ssh: port:` in the inventory
                    """)
            )
        case .network(let code) where code == EHOSTUNREACH || code == ENETUNREACH:
            unreachable(
                "no route to \(place)", why: String(cString: strerror(code)),
                fix: orConfigured(
                    """
                    is the machine on, and is \(host.outerAddress) its address? `ping \(host.outerAddress)` and `ip \
                    route get \(host.outerAddress)` tell
                    """)
            )
        case .network(let code):
            unreachable(
                "\(place) cannot be connected to", why: String(cString: strerror(code)),
                fix: "`nc -vz \(host.outerAddress) \(host.access.port)` tries the same")
        case .timedOut:
            unreachable(
                "\(place) did not complete the login within \(connectSeconds) s",
                why: "packets are dropped on the way, or the host is too busy to answer",
                fix: orConfigured(
                    """
                    is the machine on, and does a firewall let port \(host.access.port) through? \(tryByHand) tells \
                    how far it gets
                    """)
            )
        case .closedBeforeBanner(let said):
            unreachable(
                "\(place) closed the connection before sending an SSH banner",
                why: said.isEmpty ? "it says nothing: " + neverSSH : "it says: \(said)",
                fix: "on \(host.name): `ss -tlnp` and `journalctl -u ssh -n 20`")
        case .handshake(let reason) where reason.contains("server ["):
            unreachable(
                "\(place) has no algorithm in common with kubeforge", why: reason,
                fix: "\(tryByHand) shows which algorithms it accepts")
        case .handshake(let reason), .lost(let reason):
            unreachable(
                "\(place) answers, but the SSH handshake failed", why: reason,
                fix: "\(tryByHand) tells how far it gets, and on \(host.name): `journalctl -u ssh -n 20`")
        default: unreachable("\(place) cannot be connected to", why: "\(error)", fix: tryByHand)
        }
    }

    func hostKey(_ error: SSHError) -> Problem {
        let file = knownHosts.shellQuoted
        return switch error {
        case .unknownHostKey(let key):
            unreachable(
                "the host key of \(name) is not known",
                why: "\(knownHosts) has no line for it; it shows \(key.type) \(key.fingerprint)",
                fix:
                    """
                    compare the fingerprint with the host's own, `ssh-keygen -lf \
                    /etc/ssh/ssh_host_\(key.shortType)_key.pub` at its console, and then `\(keyscan) >> \(file)`; or \
                    accept it unverified with --accept-new-host-keys
                    """
            )
        case .changedHostKey(let key, let place):
            unreachable(
                "the host key of \(name) has changed",
                why:
                    """
                    it shows \(key.type) \(key.fingerprint), which is not what \(place.path) says in line \(place.line)
                    """,
                fix:
                    """
                    if \(host.name) was rebuilt: `ssh-keygen -R \(name.shellQuoted) -f \(place.path.shellQuoted)`, and \
                    run this again; if it was not, somebody else answers in its place
                    """)
        case .revokedHostKey(let key, let place):
            unreachable(
                "the host key of \(name) is revoked",
                why: "\(place.path) says so in line \(place.line) of \(key.type) \(key.fingerprint)",
                fix:
                    "make new host keys on \(host.name): `rm /etc/ssh/ssh_host_*; ssh-keygen -A; systemctl restart ssh`"
            )
        case .certifiedHostKey(let key, let place):
            unreachable(
                "the host key of \(name) is known by a certificate only, and kubeforge cannot check host certificates",
                why:
                    """
                    \(place.path) has a @cert-authority line, line \(place.line), and none with the key itself, \
                    \(key.type) \(key.fingerprint)
                    """,
                fix:
                    """
                    let ssh check the certificate: `ssh -p \(host.access.port) \(userAtHost) ssh-keygen -lf \
                    /etc/ssh/ssh_host_\(key.shortType)_key.pub`; if it prints this fingerprint: `\(keyscan) >> \(file)`
                    """)
        case .knownHosts(let path, let reason):
            unreachable(
                "\(path) cannot be used", why: reason,
                fix: "`ls -ld \(path.shellQuoted)`"
                    + (path == knownHosts ? "; it is `ssh: knownHosts:` in the inventory" : ""))
        case .knownHostsLocked(let path):
            unreachable(
                "\(path) was locked by another program for \(connectSeconds) s",
                why: "the new host key of \(name) was to be written down there",
                fix: "`fuser -v \(path.shellQuoted)` names it")
        default: way(error)
        }
    }

    func login(_ error: SSHError) -> Problem {
        switch error {
        case .denied(let tried, let locked, let accepted):
            unreachable(
                "\(place) refuses the login of \(host.access.user)",
                why:
                    """
                    tried \(tried.joined(separator: ", ")); \
                    \(locked.map { "not \($0), which has a passphrase; " }.joined())the host accepts \
                    \(accepted.isEmpty ? "nothing that it names" : accepted.joined(separator: ", "))
                    """,
                fix: orConfigured(
                    locked.map { "`ssh-add \($0.shellQuoted)`, or " }.joined() + "\(copyKey); \(tryByHand) tells more"))
        case .agentSilent(let socket):
            unreachable(
                "ssh-agent at \(socket) did not answer within \(connectSeconds) s",
                why: "it may be stopped, wait for a PIN or a confirmation, or be that of another computer that sleeps",
                fix: "`timeout 5 ssh-add -l` tries the same; without it: `ssh: key:` in the inventory names a key file")
        case .tooManyKeys(let reason):
            unreachable(
                "\(place) was shown too many keys before the one that it knows", why: reason,
                fix: "name the key in the inventory, `ssh: key:`, and no other of ssh-agent is shown")
        case .secondFactor(let keys, let wanted):
            unreachable(
                "\(place) accepts the key of \(host.access.user), and needs more: \(wanted.joined(separator: ", "))",
                why: "it asks for a second factor (AuthenticationMethods), and kubeforge logs in with a key alone, "
                    + keys.joined(separator: ", "),
                fix:
                    """
                    on \(host.name), in /etc/ssh/sshd_config: `Match User \(host.access.user)`, and below it \
                    `AuthenticationMethods publickey`
                    """
            )
        case .loginEnded(let reason, let said):
            unreachable(
                "\(place) closed the connection during the login of \(host.access.user)",
                why: said.isEmpty ? reason : "it says: \(said)",
                fix:
                    """
                    on \(host.name): `journalctl -u ssh -n 20`, and `ls -l /run/nologin /etc/nologin`; \(tryByHand) \
                    tells more
                    """
            )
        case .noCredentials(let agent):
            unreachable(
                "no SSH key is available",
                why:
                    """
                    \(agent.isEmpty ? "$SSH_AUTH_SOCK is not set" : "ssh-agent at \(agent) has no keys"), and ~/.ssh \
                    has none of id_ed25519, id_ecdsa and id_rsa
                    """,
                fix: orConfigured("`ssh-add` a key, or name one in the inventory: `ssh: key:`"))
        default: keyFile(error)
        }
    }

    /// What is wrong with a private key on this computer.
    func keyFile(_ error: SSHError) -> Problem {
        switch error {
        case .keyMissing(let path):
            unreachable(
                "the key file \(path) is not there", why: "the inventory names it in `ssh: key:`",
                fix:
                    """
                    `ssh-keygen -t ed25519 -f \(path.shellQuoted)` makes one; without `key:` the keys of ssh-agent and \
                    ~/.ssh/id_ed25519, id_ecdsa and id_rsa are tried
                    """
            )
        case .keyUnreadable(let path, let reason):
            unreachable("the key file \(path) cannot be read", why: reason, fix: "`ls -l \(path.shellQuoted)`")
        case .keyTooOpen(let path, let mode):
            unreachable(
                "the key file \(path) is open to others",
                why: "its permissions are 0\(String(mode, radix: 8)); a private key is for its owner only",
                fix: "`chmod 600 \(path.shellQuoted)`")
        case .keyNeedsPassphrase(let path, .noAgent):
            unreachable(
                "the key file \(path) has a passphrase",
                why: "kubeforge does not prompt for it, and there is no ssh-agent",
                fix: "`eval $(ssh-agent); ssh-add \(path.shellQuoted)`, and run this again in the same terminal")
        case .keyNeedsPassphrase(let path, .otherKeys):
            unreachable(
                "the key file \(path) has a passphrase",
                why: "kubeforge does not prompt for it, and ssh-agent does not hold this key",
                fix: "`ssh-add \(path.shellQuoted)`, and run this again in the same terminal")
        case .keyNeedsPassphrase(let path, .noPublicHalf):
            unreachable(
                "the key file \(path) has a passphrase",
                why:
                    """
                    kubeforge does not prompt for it, and without \(path).pub it cannot tell which key of ssh-agent \
                    this is
                    """,
                fix:
                    """
                    `ssh-keygen -yf \(path.shellQuoted) > \("\(path).pub".shellQuoted)`, and `ssh-add \
                    \(path.shellQuoted)`
                    """
            )
        case .notAKey(let path):
            unreachable(
                "\(path) is not a private key", why: "it cannot be read as OpenSSH's or PEM's format",
                fix: "`head -1 \(path.shellQuoted)`; a `.pub` file is the public half")
        default: way(error)
        }
    }

    private var copyKey: String {
        let key = keyPath.map { "-i \($0.shellQuoted) " } ?? ""
        return "`ssh-copy-id \(key)-p \(host.access.port) \(userAtHost)`"
    }
}

extension HostKey {
    /// The type as it is part of a file's name in /etc/ssh.
    fileprivate var shortType: String {
        type.hasPrefix("ecdsa") ? "ecdsa" : type == "ssh-rsa" ? "rsa" : "ed25519"
    }
}
