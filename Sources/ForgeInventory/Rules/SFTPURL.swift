/// Where a model store is: what store.py takes.
enum SFTPURL {
    static func sftp(_ text: String) throws(ValidationError) -> String {
        let form = #/sftp://([^/@]*)@([^/@:]+)(:[^/@]*)?(/.*)?/#
        guard let parts = text.wholeMatch(of: form)?.output else {
            throw ValidationError("needs an address such as \(example)")
        }
        if parts.1.contains(":") {
            throw ValidationError(
                "has a password in it", why: "an inventory is no place for passwords",
                fix: "name a key: `key: ~/.ssh/store`")
        }
        if parts.1.wholeMatch(of: #/[A-Za-z0-9_][A-Za-z0-9._-]*/#) == nil {
            throw ValidationError("needs a user's name before the @")
        }
        if !WebAddress.isHost(String(parts.2) + (parts.3 ?? "")) {
            throw ValidationError("needs a host after the @, with or without a port")
        }
        guard let path = parts.4, path.wholeMatch(of: #/[A-Za-z0-9._/-]*[A-Za-z0-9._-]/#) != nil else {
            throw ValidationError(
                "needs the path of a folder behind the host", why: "of letters, digits, dots, dashes and _",
                fix: "such as \(example)")
        }
        return text
    }

    private static let example = "sftp://models@store.example.org/srv/models"
}
