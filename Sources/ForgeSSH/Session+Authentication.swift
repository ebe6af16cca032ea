internal import CLibSSH
import ForgeCore

extension Session {
    /// Logs in: with the key file and nothing else where the inventory names one, so that an agent full of other keys cannot use up the host's
    /// patience; else with the keys of ssh-agent, and without an agent with the key files that everybody has.
    borrowing func authenticate(_ access: Host.Access, _ options: SSHOptions, _ patience: borrowing Patience) throws(SSHError) {
        if let path = access.keyPath {
            try authenticate(file: options.expanded(path), options, patience)
        } else if let agent = Agent(options), !agent.keys.isEmpty {
            if try !isAccepted(agent, patience) { throw try denied(agent.keys, patience) }
        } else {
            try authenticateWithDefaultFiles(options, patience)
        }
    }

    private borrowing func authenticate(file path: String, _ options: SSHOptions, _ patience: borrowing Patience) throws(SSHError) {
        do throws(SSHError) {
            let key = try PrivateKey(file: path)
            if try !isAccepted(key, patience) { throw try denied([key.description], patience) }
        } catch .keyNeedsPassphrase(let path) {
            // `ssh-add` has asked for the passphrase, then.
            guard let agent = Agent(options), try isAccepted(agent, patience) else { throw .keyNeedsPassphrase(path) }
        }
    }

    private borrowing func authenticateWithDefaultFiles(_ options: SSHOptions, _ patience: borrowing Patience) throws(SSHError) {
        var tried: [String] = []
        var firstFailure: SSHError?
        for name in ["id_ed25519", "id_ecdsa", "id_rsa"] {
            do throws(SSHError) {
                let key = try PrivateKey(file: options.homeFolder + "/.ssh/" + name)
                if try isAccepted(key, patience) { return }
                tried.append(key.description)
            } catch .keyMissing {
                continue
            } catch  where error.isAboutAKeyFile {
                firstFailure = firstFailure ?? error
            }
        }
        if tried.isEmpty { throw firstFailure ?? .nothingToShow(agent: options.agentSocket ?? "") }
        throw try denied(tried, patience)
    }

    private borrowing func isAccepted(_ key: borrowing PrivateKey, _ patience: borrowing Patience) throws(SSHError) -> Bool {
        let key = key.pointer
        return try isAccepted(patience) { ssh_userauth_publickey($0, nil, key) }
    }

    private borrowing func isAccepted(_ agent: borrowing Agent, _ patience: borrowing Patience) throws(SSHError) -> Bool {
        ssh_set_agent_socket(pointer, agent.socket.fileDescriptor)
        defer { ssh_set_agent_socket(pointer, -1) }
        return try isAccepted(patience) { ssh_userauth_agent($0, nil) }
    }

    private borrowing func isAccepted(_ patience: borrowing Patience, _ attempt: (ssh_session) -> CInt) throws(SSHError) -> Bool {
        while true {
            switch ssh_auth_e(attempt(pointer)) {
            case SSH_AUTH_SUCCESS: return true
            case SSH_AUTH_AGAIN: try wait(patience)
            case SSH_AUTH_ERROR: throw .lost(lastError)
            default: return false
            }
        }
    }

    private borrowing func denied(_ keys: [String], _ patience: borrowing Patience) throws(SSHError) -> SSHError {
        .denied(tried: keys, accepted: acceptedMethods)
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
private struct Agent: ~Copyable {
    let socket: AgentSocket
    let keys: [String]

    init?(_ options: SSHOptions) {
        guard let path = options.agentSocket, let socket = AgentSocket(at: path) else { return nil }
        keys = socket.keys().map { "\($0) (of ssh-agent)" }
        self.socket = socket
    }
}
