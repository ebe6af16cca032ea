import ForgeCore

/// What a curl is told beside the address, so that the service lets it in: in a file, since `ps` shows arguments.
struct ServiceCredentials: Sendable, Hashable {
    /// One that the service takes; nil where it needs none.
    var token: String?

    static let none = ServiceCredentials()

    /// curl's configuration. The certificate may be of any name and authority: the addresses that are asked are those
    /// of pods, Services and nodes, and the cluster itself gave them.
    func configuration(isAnonymous: Bool = false) -> String {
        let header = isAnonymous ? nil : token.map { "header = \"Authorization: Bearer \($0)\"" }
        return (["insecure"] + [header].compactMap { $0 }).joined(separator: "\n")
    }

    /// As the shell writes it into a file of the folder that a script has made.
    func line(_ file: String, isAnonymous: Bool = false) -> String {
        "printf '%s\\n' \(configuration(isAnonymous: isAnonymous).shellQuoted) > \"$folder/\(file)\""
    }
}

extension Command {
    /// The same script; where a token is in it, nobody is shown it.
    func hiding(_ credentials: ServiceCredentials) -> Command {
        guard credentials.token != nil, case .bytes(let bytes) = input else { return self }
        return reading(.secret(bytes))
    }
}
