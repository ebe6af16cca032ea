internal import CLibSSH
import ForgeCore
import Glibc

extension Session {
    /// Logs in: with the key file and nothing else where the inventory names one, so that an agent full of other keys
    /// cannot use up the host's patience; else, as ssh does, with the keys of ssh-agent, and then with the key files
    /// that everybody has and the agent does not hold.
    borrowing func authenticate(_ access: Host.Access, _ options: SSHOptions, _ deadline: Deadline) throws(SSHError) {
        do throws(SSHError) {
            if let path = access.keyPath {
                try authenticate(file: options.expanded(path), options, deadline)
            } else {
                try authenticateWithWhatIsThere(options, deadline)
            }
        } catch .lost(let reason) {
            // Until here the host was who it shall be, and the algorithms were agreed on: whatever it is, it is about
            // the login.
            throw reason.contains("Too many authentication failures")
                ? .tooManyKeys(reason) : .loginEnded(reason, said: banner)
        }
    }

    private borrowing func authenticate(file path: String, _ options: SSHOptions, _ deadline: Deadline) throws(SSHError)
    {
        do throws(SSHError) {
            let key = try PrivateKey(file: path)
            if try !isAccepted(key, deadline) { throw denied([key.description]) }
        } catch .keyNeedsPassphrase(let path, _) {
            // `ssh-add` has asked for the passphrase, then.
            try authenticate(unlocked: path, options, deadline)
        }
    }

    /// Logs in with the agent's key that is the file's, and no other, as OpenSSH does with IdentitiesOnly.
    private borrowing func authenticate(unlocked path: String, _ options: SSHOptions, _ deadline: Deadline)
        throws(SSHError)
    {
        guard let agent = try Agent(options, deadline) else { throw .keyNeedsPassphrase(path, .noAgent) }
        guard let blob = PrivateKey.publicHalf(of: path) else { throw .keyNeedsPassphrase(path, .noPublicHalf) }
        let keys = agent.keys.filter { $0.blob == blob }
        guard !keys.isEmpty else { throw .keyNeedsPassphrase(path, .otherKeys) }
        let names = ["\(path) (of ssh-agent)"]
        if try !isAccepted(keys, of: agent, names, deadline) { throw denied(names) }
    }

    /// The agent's keys that are usual files, too, come first: a host that ends the login after six keys still sees
    /// them.
    private borrowing func authenticateWithWhatIsThere(_ options: SSHOptions, _ deadline: Deadline) throws(SSHError) {
        let files = ["id_ed25519", "id_ecdsa", "id_rsa"].map { "\(options.homeDirectory)/.ssh/\($0)" }
        var shown: [AgentSocket.Key] = []
        let agent = try Agent(options, deadline)
        if let agent, !agent.keys.isEmpty {
            let usual = files.compactMap(PrivateKey.publicHalf)
            shown = agent.keys.filter { usual.contains($0.blob) } + agent.keys.filter { !usual.contains($0.blob) }
            let names = shown.map { "\($0.comment) (of ssh-agent)" }
            if try isAccepted(shown, of: agent, names, deadline) { return }
        }
        do throws(SSHError) {
            try authenticate(usualFiles: files, after: shown, options, deadline)
        } catch .keyNeedsPassphrase(let path, _) {
            throw .keyNeedsPassphrase(path, agent == nil ? .noAgent : .otherKeys)
        }
    }

    /// With each of the files but those whose keys were shown before.
    private borrowing func authenticate(
        usualFiles files: [String], after shown: [AgentSocket.Key], _ options: SSHOptions, _ deadline: Deadline
    ) throws(SSHError) {
        var tried = shown.map { "\($0.comment) (of ssh-agent)" }
        var locked: [String] = []
        var firstFailure: SSHError?
        for path in files {
            do throws(SSHError) {
                let key = try PrivateKey(file: path)
                if let blob = key.blob, shown.contains(where: { $0.blob == blob }) { continue }
                if try isAccepted(key, deadline) { return }
                tried.append(key.description)
            } catch .keyMissing {
                continue
            } catch  where error.isAboutAKeyFile {
                let blob = PrivateKey.publicHalf(of: path)
                if case .keyNeedsPassphrase = error, !shown.contains(where: { $0.blob == blob }) { locked.append(path) }
                firstFailure = firstFailure ?? error
            }
        }
        if tried.isEmpty { throw firstFailure ?? .noCredentials(agent: options.agentSocket ?? "") }
        throw denied(tried, locked: locked)
    }

    private borrowing func isAccepted(_ key: borrowing PrivateKey, _ deadline: Deadline) throws(SSHError) -> Bool {
        let pointer = key.pointer
        return try isAccepted([key.description], deadline) { ssh_userauth_publickey($0, nil, pointer) }
    }

    private borrowing func isAccepted(
        _ keys: [AgentSocket.Key], of agent: Agent, _ names: [String], _ deadline: Deadline
    )
        throws(SSHError) -> Bool
    {
        let relay = AgentRelay(to: agent.socket, showing: keys, deadline)
        defer { relay.close() }
        ssh_set_agent_socket(pointer, relay.fileDescriptor)
        defer { ssh_set_agent_socket(pointer, -1) }
        do throws(SSHError) {
            let isAccepted = try isAccepted(names, deadline) { ssh_userauth_agent($0, nil) }
            // To libssh an agent that was given up is one without keys.
            if !isAccepted, let failure = relay.failure { throw failure }
            return isAccepted
        } catch {
            throw relay.failure ?? error
        }
    }

    private borrowing func isAccepted(_ names: [String], _ deadline: Deadline, _ attempt: (ssh_session) -> CInt)
        throws(SSHError) -> Bool
    {
        while true {
            switch ssh_auth_e(attempt(pointer)) {
            case SSH_AUTH_SUCCESS: return true
            case SSH_AUTH_PARTIAL: throw .secondFactor(key: names, wanted: acceptedMethods)
            case SSH_AUTH_AGAIN: try wait(deadline)
            case SSH_AUTH_ERROR: throw .lost(lastError)
            default: return false
            }
        }
    }

    private borrowing func denied(_ keys: [String], locked: [String] = []) -> SSHError {
        .denied(tried: keys, locked: locked, accepted: acceptedMethods)
    }

    /// What the host has said last before or during the login, such as "System is booting up"; bounded, because it is
    /// anybody's text.
    private var banner: String {
        guard let text = ssh_get_issue_banner(pointer) else { return "" }
        defer { ssh_string_free_char(text) }
        return String(String(cString: text).prefix(500)).trimming(while: \.isWhitespace)
    }

    /// What the host would let in with, as it has said in its last refusal.
    private var acceptedMethods: [String] {
        let methods = ssh_userauth_list(pointer, nil)
        let names = [
            (SSH_AUTH_METHOD_PUBLICKEY, "publickey"), (SSH_AUTH_METHOD_PASSWORD, "password"),
            (SSH_AUTH_METHOD_INTERACTIVE, "keyboard-interactive"),
            (SSH_AUTH_METHOD_HOSTBASED, "hostbased"), (SSH_AUTH_METHOD_GSSAPI_MIC, "gssapi-with-mic"),
        ]
        return names.filter { methods & CInt($0.0) != 0 }.map(\.1)
    }
}

/// ssh-agent, and what it holds.
private struct Agent {
    let socket: AgentSocket
    let keys: [AgentSocket.Key]

    /// nil when there is none.
    init?(_ options: SSHOptions, _ deadline: Deadline) throws(SSHError) {
        guard let path = options.agentSocket, let socket = try AgentSocket(at: path, deadline) else { return nil }
        self.socket = socket
        keys = try socket.keys(deadline)
    }
}

/// Owns an `ssh_key` with its private half.
private struct PrivateKey: ~Copyable {
    let pointer: ssh_key
    /// How messages name it: `~/.ssh/id_ed25519 (ssh-ed25519 SHA256:…)`.
    let description: String

    deinit { ssh_key_free(pointer) }

    /// Reads a key file; the path is expanded already, and nothing is ever asked on the terminal.
    init(file path: String) throws(SSHError) {
        let text = try Self.read(path)
        var wasAsked = false
        var key: ssh_key?
        let ask: ssh_auth_callback = { _, _, _, _, _, wasAsked in
            wasAsked!.assumingMemoryBound(to: Bool.self).pointee = true
            return -1
        }
        guard ssh_pki_import_privkey_base64(text, nil, ask, &wasAsked, &key) == SSH_OK, let key else {
            throw wasAsked ? .keyNeedsPassphrase(path, .noAgent) : .notAKey(path)
        }
        pointer = key
        description = "\(path) (\(String(cString: ssh_key_type_to_char(ssh_key_type(key)))) \(fingerprint(of: key)))"
    }

    /// The public half, as SSH sends it.
    var blob: [UInt8]? { base64(of: pointer).flatMap(Base64.decoded) }

    /// The public half of a key whose private half cannot be read, as SSH sends it: OpenSSH's format has it beside,
    /// others in PATH.pub; nil of what is no file.
    static func publicHalf(of path: String) -> [UInt8]? {
        guard (try? LocalFile.read(path)) != nil else { return nil }
        var key: ssh_key?
        if ssh_pki_import_pubkey_file(path, &key) == SSH_OK, let key {
            defer { ssh_key_free(key) }
            return base64(of: key).flatMap(Base64.decoded)
        }
        let blank = UInt8(ascii: " ")
        let words = (try? LocalFile.read(path + ".pub").bytes)?.split(separator: blank)
        return words.flatMap {
            $0.count > 1 ? Base64.decoded(String(decoding: $0[1].filter { $0 > blank }, as: UTF8.self)) : nil
        }
    }

    private static func read(_ path: String) throws(SSHError) -> String {
        let content: LocalFile.Content
        do throws(LocalFile.Failure) {
            content = try LocalFile.read(path)
        } catch {
            throw error.isMissing ? .keyMissing(path) : .keyUnreadable(path, reason: error.reason)
        }
        // OpenSSH's rule: a key that others can read is no secret, if it is ours to protect.
        let mode = content.status.st_mode & 0o777
        if mode & 0o077 != 0 && content.status.st_uid == getuid() { throw .keyTooOpen(path, mode: mode) }
        return String(decoding: content.bytes, as: UTF8.self)
    }
}
