import ForgeCore

/// Addresses of machines.
enum AddressRule {
    static func address(_ text: String) throws(ValidationError) -> IPv4Address {
        guard let address = IPv4Address(text) else {
            throw ValidationError(
                "needs an IPv4 address, such as 192.168.56.11", why: reason(text), fix: withoutPrefix(text))
        }
        if !isReachable(address) {
            throw ValidationError("\(address) is not an address that other machines can reach")
        }
        return address
    }

    /// Where SSH goes: an IPv4 address, or a name that is looked up at each run.
    static func outer(_ text: String) throws(ValidationError) -> String {
        if let address = IPv4Address(text) {
            guard isReachable(address) || IPv4Network("127.0.0.0/8")!.contains(address) else {
                throw ValidationError("\(address) is not an address that other machines can reach")
            }
            return text
        }
        let isNumeric = text.allSatisfy { $0.isNumber || $0 == "." }
        guard !text.contains(":"), !isNumeric, WebAddress.isHost(text) else {
            let why = text.contains(":") || isNumeric ? reason(text) : nil
            throw ValidationError("needs an IPv4 address or a DNS name, such as node1.example.org", why: why)
        }
        return text
    }

    static func reason(_ text: String) -> String? {
        let colons = text.count { $0 == ":" }
        if colons > 1 { return "IPv6 is not supported yet" }
        if colons == 1 { return "a port belongs under `ssh:`" }
        if text.contains(where: \.isLetter) {
            return "host names are not supported: the cluster stores the address it was created with"
        }
        if text.split(separator: ".").contains(where: { $0.count > 1 && $0.first == "0" }) {
            return "a leading 0 means octal to some programs"
        }
        return nil
    }

    /// The fix for `10.0.0.5/24`, as `ip addr` and cloud consoles show an address.
    private static func withoutPrefix(_ text: String) -> String? {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, IPv4Address(String(parts[0])) != nil else { return nil }
        return "write \(parts[0]), without /\(parts[1].prefix(8))"
    }

    private static func isReachable(_ address: IPv4Address) -> Bool {
        !["0.0.0.0/8", "127.0.0.0/8", "224.0.0.0/3"].contains { IPv4Network($0)!.contains(address) }
    }
}

/// Networks in CIDR notation.
enum NetworkRule {
    /// flannel and kubeadm give every node a /24 of it; kubeadm allows 16 bits between the two.
    static func pods(_ text: String) throws(ValidationError) -> IPv4Network {
        try network(text, prefixes: 8...24, like: Cluster.Defaults.podNetwork, why: "each node gets a /24 of it")
    }

    /// The API server refuses more than /12, kubeadm less than ten addresses.
    static func services(_ text: String) throws(ValidationError) -> IPv4Network {
        try network(
            text, prefixes: 12...28, like: Cluster.Defaults.serviceNetwork, why: "that is what the API server takes")
    }

    private static func network(
        _ text: String, prefixes: ClosedRange<Int>, like example: IPv4Network, why: String
    ) throws(ValidationError) -> IPv4Network {
        guard let network = IPv4Network(text) else { throw malformed(text, prefixes, like: example) }
        guard prefixes.contains(network.prefix) else {
            throw ValidationError("needs a network from /\(prefixes.lowerBound) to /\(prefixes.upperBound)", why: why)
        }
        return network
    }

    /// What it is told to be is a network that would be taken.
    private static func malformed(
        _ text: String, _ prefixes: ClosedRange<Int>, like example: IPv4Network
    ) -> ValidationError {
        let sentence = "needs an IPv4 network, such as \(example)"
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        if text.contains(":") { return ValidationError(sentence, why: "IPv6 is not supported yet") }
        guard parts.count == 2, let address = IPv4Address(parts[0]), let prefix = Int(parts[1]),
            prefixes.contains(prefix)
        else {
            return ValidationError(sentence)
        }
        let meant = IPv4Network(containing: address, prefix: prefix)
        return ValidationError(
            sentence, why: "\(address) lies inside the network and is not its first address",
            fix: "did you mean \(meant)?")
    }
}

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
                (1...63).contains(label.utf8.count) && label.first != "-" && label.last != "-"
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
                "needs the path of a directory after the host", why: "of letters, digits, dots, dashes and _",
                fix: "such as \(example)")
        }
        return text
    }

    private static let example = "sftp://models@store.example.org/srv/models"
}
