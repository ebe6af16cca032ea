internal import CLibSSH
import ForgeCore
import Glibc

/// Owns an `ssh_key` with its private half.
struct PrivateKey: ~Copyable {
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

    /// The public half of a key whose private half cannot be read, as SSH sends it: OpenSSH's format has it beside,
    /// others in PATH.pub.
    static func publicHalf(of path: String) -> [UInt8]? {
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
