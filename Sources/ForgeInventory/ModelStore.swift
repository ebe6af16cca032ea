/// A server that keeps the service's models, reached by OpenSSH's sftp.
package struct ModelStore: Sendable, Hashable {
    /// `sftp://user@host[:port]/path`
    package var url: String
    /// A private key without a passphrase, on the operator's machine.
    package var keyPath: String
    /// The host keys that are believed, on the operator's machine.
    package var knownHostsPath: String

    /// That of its sshd.
    package var port: Int { url.firstMatch(of: #/@[^/:]*:([0-9]+)/#).flatMap { Int($0.1) } ?? 22 }

    package init(url: String, keyPath: String, knownHostsPath: String) {
        self.url = url
        self.keyPath = keyPath
        self.knownHostsPath = knownHostsPath
    }
}
