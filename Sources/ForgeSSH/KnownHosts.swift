import ForgeCore

/// What a known_hosts file says about one host. The file is read once per connection.
struct KnownHosts {
    struct Entry: Hashable {
        let type: String
        let base64: String
        let isRevoked: Bool
        /// Counted from one, as editors and `ssh-keygen -F` do.
        let line: Int
    }

    let path: String
    /// `10.0.0.1`, or `[10.0.0.1]:2222` where the port is not 22.
    let name: String
    let entries: [Entry]

    static func name(of host: Host) -> String {
        host.access.port == 22 ? host.outerAddress : "[\(host.outerAddress)]:\(host.access.port)"
    }

    /// A file that is not there knows nobody; one that cannot be read is an error.
    init(at path: String, for host: Host) throws(SSHError) {
        let name = Self.name(of: host)
        self.path = path
        self.name = name
        do throws(LocalFile.Failure) {
            let content = try LocalFile.read(path).bytes
            entries = content.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).enumerated()
                .compactMap { index, bytes in Self.entry(in: bytes, line: index + 1, for: name) }
        } catch  where error.isMissing {
            entries = []
        } catch {
            throw .knownHosts(error.reason)
        }
    }

    /// The types of the keys that are known, in the order of the file.
    var types: [String] { entries.filter { !$0.isRevoked }.map(\.type) }

    /// Whether the file knows the key; false means that it does not know the host at all. A key other than the known ones is an error,
    /// even of a type that is not known: a host that still has its old key would have shown that.
    func knows(_ key: HostKey) throws(SSHError) -> Bool {
        let same = entries.filter { $0.base64 == key.base64 }
        if let revoked = same.first(where: \.isRevoked) { throw .revokedHostKey(key, line: revoked.line) }
        if !same.isEmpty { return true }
        let others = entries.filter { !$0.isRevoked }
        if let other = others.first(where: { $0.type == key.type }) ?? others.first { throw .changedHostKey(key, line: other.line) }
        return false
    }

    private static func entry(in bytes: ArraySlice<UInt8>, line: Int, for name: String) -> Entry? {
        guard mayMatch(bytes, name) else { return nil }
        var text = String(decoding: bytes, as: UTF8.self)[...]
        let isRevoked = text.hasPrefix("@revoked ")
        if isRevoked { text = text.dropFirst("@revoked ".count) }
        let fields = text.split(whereSeparator: \.isWhitespace)
        // A `@cert-authority` line holds the key of an authority, not of a host.
        guard fields.count >= 3, !text.hasPrefix("@"), Session.matches(name, knownHostsLine: fields.joined(separator: " ")) else {
            return nil
        }
        return Entry(type: String(fields[1]), base64: String(fields[2]), isRevoked: isRevoked, line: line)
    }

    /// A cheap look before the costly one: files with thousands of lines are common.
    private static func mayMatch(_ bytes: ArraySlice<UInt8>, _ name: String) -> Bool {
        guard let first = bytes.first, first != UInt8(ascii: "#") else { return false }
        let names = bytes.prefix(
            first == UInt8(ascii: "@") ? bytes.count : bytes.firstIndex(of: UInt8(ascii: " ")).map { $0 - bytes.startIndex } ?? bytes.count)
        return first == UInt8(ascii: "|") || names.contains(where: [UInt8(ascii: "*"), UInt8(ascii: "?")].contains)
            || names.contains(Array(name.utf8))
    }
}
