internal import CLibSSH
import ForgeCore
import Glibc

/// Owns an `ssh_session`. It is always non-blocking: every call says "again" until what it waits for is there, and the
/// waiting is `wait`, so no time limit of libssh's own (which also ends reads) is in play.
struct Session: ~Copyable {
    let pointer: ssh_session
    private let event: ssh_event
    private let wakeup: WakeupPipe
    private let keepalive: Duration
    /// What libssh does not take of the host's address and user name.
    private let refused: String?

    init(to host: Host, options: SSHOptions, wakeup: WakeupPipe) {
        _ = Self.library
        guard let pointer = ssh_new(), let event = ssh_event_new() else {
            fatalError("libssh has no memory for a session")
        }
        self.pointer = pointer
        self.event = event
        self.wakeup = wakeup
        keepalive = options.keepalive
        ssh_set_blocking(pointer, 0)
        refused =
            [(SSH_OPTIONS_HOST, host.outerAddress), (SSH_OPTIONS_USER, host.access.user)].first { option, text in
                ssh_options_set(pointer, option, text) != SSH_OK
            }?.1
        configure()
        let hear: ssh_event_callback = { _, _, wakeup in
            Unmanaged<WakeupPipe>.fromOpaque(wakeup!).takeUnretainedValue().hear()
            return 0
        }
        ssh_event_add_fd(event, wakeup.fileDescriptor, Int16(POLLIN), hear, Unmanaged.passUnretained(wakeup).toOpaque())
    }

    deinit {
        ssh_event_remove_session(event, pointer)
        ssh_event_remove_fd(event, wakeup.fileDescriptor)
        ssh_event_free(event)
        ssh_disconnect(pointer)
        ssh_free(pointer)
    }

    /// Shakes hands over a connected socket, which belongs to libssh from now on.
    borrowing func connect(over socket: CInt, _ deadline: Deadline) throws(SSHError) {
        let greeting: String
        do throws(SSHError) { greeting = try TCPSocket.greeting(on: socket, deadline) } catch {
            close(socket)
            throw error
        }
        if let refused {
            close(socket)
            throw .handshake("libssh does not take \(refused.debugDescription)")
        }
        set(SSH_OPTIONS_FD, socket)
        var code = ssh_connect(pointer)
        // libssh has taken the socket, but closes it in the end only if it is not told any more that it came from
        // outside.
        var none: CInt = -1
        _ = ssh_options_set(pointer, SSH_OPTIONS_FD, &none)
        ssh_event_add_session(event, pointer)
        while code == SSH_AGAIN {
            do throws(SSHError) { try wait(deadline) } catch .lost(let reason) {
                throw handshakeFailure(reason, greeting)
            }
            code = ssh_connect(pointer)
        }
        guard code == SSH_OK else { throw handshakeFailure(lastError, greeting) }
        // libssh has made the socket blocking; a full one would then hold up the cancellation.
        TCPSocket.doNotBlock(socket)
    }

    /// Waits until something has happened, and lets libssh deal with it; callbacks of channels run in here.
    borrowing func wait(_ deadline: Deadline, atMost limit: Duration = .seconds(3600)) throws(SSHError) {
        let code = ssh_event_dopoll(event, try deadline.milliseconds(atMost: min(limit, keepalive)))
        guard code != SSH_ERROR, isConnected else { throw .lost(lastError) }
        TCPSocket.acknowledgeAtOnce(ssh_get_fd(pointer))
        if code == SSH_AGAIN && limit >= keepalive { sendKeepalive() }
    }

    /// Answers what the host has asked while nobody was using the connection, and says that we are alive.
    borrowing func keepAlive() {
        guard isConnected, ssh_event_dopoll(event, 0) != SSH_ERROR, isConnected else { return }
        sendKeepalive()
    }

    borrowing func disconnect() {
        ssh_event_remove_session(event, pointer)
        ssh_event_remove_fd(event, wakeup.fileDescriptor)
        ssh_disconnect(pointer)
    }

    var isConnected: Bool { ssh_is_connected(pointer) != 0 }

    /// Whether the last packets have left; as long as they have not, more would only fill the memory.
    var isWritable: Bool { ssh_get_poll_flags(pointer) & SSH_WRITE_PENDING == 0 }

    /// Copied at once: the text belongs to the session, and the next call may change it.
    var lastError: String { String(cString: ssh_get_error(UnsafeMutableRawPointer(pointer))) }

    private borrowing func sendKeepalive() { ssh_send_ignore(pointer, "") }

    private borrowing func handshakeFailure(_ reason: String, _ greeting: String) -> SSHError {
        ssh_get_serverbanner(pointer) == nil && reason.contains("Socket error")
            ? .closedBeforeBanner(said: greeting) : .handshake(reason)
    }
}

extension Session {
    /// libssh, made ready once: its log, which goes to stderr otherwise, goes nowhere.
    private static let library: Void = {
        ssh_init()
        ssh_set_log_level(CInt(SSH_LOG_NONE))
        ssh_set_log_callback { _, _, _, _ in }
    }()

    private borrowing func configure() {
        // ~/.ssh/config would override all this, and a run would depend on the machine that it is started on.
        set(SSH_OPTIONS_PROCESS_CONFIG, 0)
        // Keys are read by `Session+Authentication` and known_hosts by `KnownHosts`, once.
        set(SSH_OPTIONS_SSH_DIR, "/dev/null")
        set(SSH_OPTIONS_KNOWNHOSTS, "/dev/null")
        set(SSH_OPTIONS_GLOBAL_KNOWNHOSTS, "/dev/null")
        for direction in [SSH_OPTIONS_CIPHERS_C_S, SSH_OPTIONS_CIPHERS_S_C] { set(direction, Self.ciphers) }
    }

    /// AES-GCM first: 1.5 times as fast as ChaCha20 where the processor has AES.
    private static let ciphers =
        "aes128-gcm@openssh.com,aes256-gcm@openssh.com,chacha20-poly1305@openssh.com,aes256-ctr,aes128-ctr"

    borrowing func set(_ option: ssh_options_e, _ text: String) {
        precondition(ssh_options_set(pointer, option, text) == SSH_OK, "libssh refused \(text): \(lastError)")
    }

    private borrowing func set(_ option: ssh_options_e, _ number: CInt) {
        var number = number
        precondition(ssh_options_set(pointer, option, &number) == SSH_OK, "libssh refused \(number): \(lastError)")
    }
}

extension Session {
    /// The key that the host has proved to own; there is one after `connect`.
    borrowing func hostKey() throws(SSHError) -> HostKey {
        var key: ssh_key?
        guard ssh_get_server_publickey(pointer, &key) == SSH_OK, let key else { throw .handshake(lastError) }
        defer { ssh_key_free(key) }
        guard let base64 = base64(of: key) else { throw .handshake("the host's key cannot be read") }
        let type = String(cString: ssh_key_type_to_char(ssh_key_type(key)))
        return HostKey(type: type, base64: base64, fingerprint: fingerprint(of: key))
    }

    /// Which algorithms the host is asked for first. Without it a host whose ed25519 key is known shows its ecdsa key,
    /// and counts as changed.
    borrowing func prefer(hostKeyTypes types: [String]) {
        let known = types.map { $0 == "ssh-rsa" ? "rsa-sha2-512,rsa-sha2-256" : $0 }
        let all = [
            "ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521",
            "rsa-sha2-512,rsa-sha2-256",
        ]
        set(
            SSH_OPTIONS_HOSTKEYS,
            (known.filter(all.contains) + all.filter { !known.contains($0) }).joined(separator: ","))
    }

    /// Whether a line of known_hosts with a hashed name speaks of this name (`10.0.0.1`, `[10.0.0.1]:2222`).
    static func matches(_ name: String, hashedLine line: String) -> Bool {
        var entry: UnsafeMutablePointer<ssh_knownhosts_entry>?
        guard ssh_known_hosts_parse_line(name, line, &entry) == SSH_OK else { return false }
        ssh_knownhosts_entry_free(entry)
        return true
    }
}

/// The public half as known_hosts has it.
func base64(of key: ssh_key) -> String? {
    var base64: UnsafeMutablePointer<CChar>?
    guard ssh_pki_export_pubkey_base64(key, &base64) == SSH_OK, let base64 else { return nil }
    defer { ssh_string_free_char(base64) }
    return String(cString: base64)
}

/// The fingerprint as `ssh-keygen -l` prints it.
func fingerprint(of key: ssh_key) -> String {
    var hash: UnsafeMutablePointer<UInt8>?
    var length = 0
    guard ssh_get_publickey_hash(key, SSH_PUBLICKEY_HASH_SHA256, &hash, &length) == SSH_OK else {
        return "an unknown fingerprint"
    }
    defer { ssh_clean_pubkey_hash(&hash) }
    guard let text = ssh_get_fingerprint_hash(SSH_PUBLICKEY_HASH_SHA256, hash, length) else {
        return "an unknown fingerprint"
    }
    defer { ssh_string_free_char(text) }
    return String(cString: text)
}
