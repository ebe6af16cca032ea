/// A server that keeps the service's models, reached by OpenSSH's sftp.
package struct ModelStore: Sendable, Hashable {
    /// `sftp://user@host[:port]/path`
    package var url: String
    /// A private key without a passphrase, on the operator's machine, which may write to the store.
    package var keyPath: String
    /// Another one, which may only read there: that of the service's pods. nil when they get the one that may write.
    package var readKeyPath: String?
    /// The host keys that are believed, on the operator's machine.
    package var knownHostsPath: String

    /// That of its sshd.
    package var port: Int { url.firstMatch(of: #/@[^/:]*:([0-9]+)/#).flatMap { Int($0.1) } ?? 22 }

    package init(url: String, keyPath: String, readKeyPath: String? = nil, knownHostsPath: String) {
        self.url = url
        self.keyPath = keyPath
        self.readKeyPath = readKeyPath
        self.knownHostsPath = knownHostsPath
    }
}
