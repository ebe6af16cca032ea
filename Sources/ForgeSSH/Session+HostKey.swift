internal import CLibSSH
import ForgeCore

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

/// As `ssh-keygen -l` prints it.
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
