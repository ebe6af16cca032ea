import ForgeCore

/// An `http` or `https` URL, without a slash at its end.
enum WebAddress {
    static func url(_ text: String) throws(ValidationError) -> String {
        guard let scheme = ["http://", "https://"].first(where: text.hasPrefix) else {
            throw ValidationError("needs a URL that begins with http:// or https://")
        }
        if let odd = text.unicodeScalars.first(where: { !isPlain($0) }) {
            throw ValidationError("\"\(String(odd).shown)\" cannot be part of the URL", fix: "write it as %\(hex(odd))")
        }
        let authority = text.dropFirst(scheme.count).prefix { $0 != "/" }
        if authority.contains("@") {
            throw ValidationError(
                "has a user name in it", why: "an inventory is no place for passwords, and they would be shown")
        }
        if !isHost(String(authority)) {
            throw ValidationError("needs a host after \(scheme), such as \(scheme)mirror.example.org")
        }
        return text.trimmingSlashes
    }

    /// `name` or `address`, with or without `:port`.
    static func isHost(_ text: String) -> Bool {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count), isName(parts[0]) else { return false }
        return parts.count == 1 || UInt16(parts[1]).map { $0 > 0 && String($0) == parts[1] } == true
    }

    private static func isName(_ text: Substring) -> Bool {
        text.utf8.count <= 253
            && text.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { label in
                !label.isEmpty && label.first != "-" && label.last != "-"
                    && label.utf8.allSatisfy { isAlphanumeric($0) || $0 == UInt8(ascii: "-") }
            }
    }

    /// Less than RFC 3986 allows: what is left out has a meaning in shells, apt's lists or TOML, and no mirror needs
    /// it.
    private static func isPlain(_ scalar: Unicode.Scalar) -> Bool {
        scalar.isASCII && (isAlphanumeric(UInt8(scalar.value)) || "-._~:/%+=,@".unicodeScalars.contains(scalar))
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: false
        }
    }

    private static func hex(_ scalar: Unicode.Scalar) -> String {
        String(scalar).utf8.map { String($0, radix: 16, uppercase: true) }.joined(separator: "%")
    }
}

extension String {
    var trimmingSlashes: String { last == "/" ? String(dropLast()).trimmingSlashes : self }
}

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
