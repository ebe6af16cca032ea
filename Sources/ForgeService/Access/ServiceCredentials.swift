import ForgeCore

/// What a curl is told beside the address, so that the service lets it in and is the one that is meant: in a file,
/// since `ps` shows arguments.
struct ServiceCredentials: Sendable, Hashable {
    /// One that the service takes; nil where it needs none.
    var token: String?
    /// What it must show that it has the key of; nil where it speaks plain HTTP, or nobody knows.
    var certificate: CertificateFile?

    static let none = ServiceCredentials()

    /// curl's configuration. Authority and name are not looked at: the addresses that are asked are those of pods,
    /// Services and nodes, which the cluster itself gave, and which hardly any certificate names. Who answers must have
    /// the key of the operator's own certificate even so: curl checks a pin although it is `insecure`.
    func configuration(isAnonymous: Bool = false) -> String {
        let pin = certificate?.pins.first.map { "pinnedpubkey = \"sha256//\($0)\"" }
        let header = isAnonymous ? nil : token.map { "header = \"Authorization: Bearer \($0)\"" }
        return (["insecure"] + [pin, header].compactMap { $0 }).joined(separator: "\n")
    }

    /// The line of shell that writes it into a file of the directory that a script has made.
    func line(_ file: String, isAnonymous: Bool = false) -> String {
        "printf '%s\\n' \(configuration(isAnonymous: isAnonymous).shellQuoted) > \"$directory/\(file)\""
    }
}

extension Command {
    /// The same script; where a token is in it, nobody is shown it.
    func hiding(_ credentials: ServiceCredentials) -> Command {
        guard credentials.token != nil, case .bytes(let bytes) = input else { return self }
        return reading(.secret(bytes))
    }
}
