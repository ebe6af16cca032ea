/// Compares a host's name with the first word of lines in known_hosts: lists, wildcards, negations and hashed names.
struct NamePattern {
    private let name: [UInt8]
    /// Without the port, which an authority's line need not say.
    private let address: [UInt8]

    init(name: String, address: String) {
        self.name = Self.lowercased(name.utf8)
        self.address = Self.lowercased(address.utf8)
    }

    func matches(_ hosts: ArraySlice<UInt8>, _ type: ArraySlice<UInt8>, _ base64: ArraySlice<UInt8>, isAuthority: Bool)
        -> Bool
    {
        if hosts.first == UInt8(ascii: "|") {
            let line = [hosts, type, base64].map { String(decoding: $0, as: UTF8.self) }.joined(separator: " ")
            return Session.matches(String(decoding: name, as: UTF8.self), hashedLine: line)
        }
        let patterns = Self.lowercased(hosts).split(separator: UInt8(ascii: ","))
        return Self.matches(name, patterns) || isAuthority && Self.matches(address, patterns)
    }

    /// One negated pattern that matches outweighs all others.
    private static func matches(_ name: [UInt8], _ patterns: [ArraySlice<UInt8>]) -> Bool {
        var isNamed = false
        for pattern in patterns {
            if pattern.first == UInt8(ascii: "!") {
                if matches(name[...], pattern.dropFirst()) { return false }
            } else if matches(name[...], pattern) {
                isNamed = true
            }
        }
        return isNamed
    }

    /// `*` stands for any bytes, `?` for one. Goes back to the last `*` only, so that no pattern takes long.
    private static func matches(_ name: ArraySlice<UInt8>, _ pattern: ArraySlice<UInt8>) -> Bool {
        var (name, pattern) = (name, pattern)
        var retry: (name: ArraySlice<UInt8>, pattern: ArraySlice<UInt8>)?
        while !name.isEmpty {
            if pattern.first == UInt8(ascii: "*") {
                pattern = pattern.dropFirst()
                retry = (name, pattern)
            } else if let first = pattern.first, first == UInt8(ascii: "?") || first == name.first {
                (name, pattern) = (name.dropFirst(), pattern.dropFirst())
            } else if let last = retry {
                retry = (last.name.dropFirst(), last.pattern)
                (name, pattern) = (last.name.dropFirst(), last.pattern)
            } else {
                return false
            }
        }
        return pattern.allSatisfy { $0 == UInt8(ascii: "*") }
    }

    private static func lowercased(_ text: some Sequence<UInt8>) -> [UInt8] {
        text.map { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) ? $0 | 0x20 : $0 }
    }
}
