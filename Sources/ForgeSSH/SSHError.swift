/// Everything that can go wrong between here and a host; `Problem.init(_:host:…)` gives each its words.
enum SSHError: Error, Hashable {
    // The way there.
    /// The resolver's reason.
    case unknownName(String)
    case network(CInt)
    case timedOut
    /// The host closed the connection before it said that it speaks SSH.
    case closedBeforeBanner
    case handshake(String)

    // Who is it?
    case unknownHostKey(HostKey)
    case changedHostKey(HostKey, line: Int)
    case revokedHostKey(HostKey, line: Int)
    case knownHosts(String)

    // Who are we?
    case keyMissing(String)
    case keyUnreadable(String, reason: String)
    case keyTooOpen(String, mode: UInt32)
    case keyNeedsPassphrase(String)
    case notAKey(String)
    case nothingToShow(agent: String)
    case denied(tried: [String], accepted: [String])

    // In use.
    case lost(String)
    case closed
    case sessionRefused(String)
    case outlastedItsLimit
    case notSendable
    case localFile(String, reason: String)
    case cancelled
}

/// The public key that a host has shown.
struct HostKey: Hashable {
    /// As known_hosts says it: `ssh-ed25519`.
    let type: String
    let base64: String
    /// As `ssh-keygen -l` prints it: `SHA256:…`.
    let fingerprint: String
}

extension SSHError {
    /// Failures of one key file, which another one may make good.
    var isAboutAKeyFile: Bool {
        switch self {
        case .keyMissing, .keyUnreadable, .keyTooOpen, .keyNeedsPassphrase, .notAKey: true
        default: false
        }
    }
}
