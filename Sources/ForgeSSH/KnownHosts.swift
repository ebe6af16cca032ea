import ForgeCore

/// What known_hosts files say about one host. They are read once per connection.
struct KnownHosts {
    struct Entry: Hashable {
        let marker: Marker
        let type: String
        /// The key as SSH sends it.
        let blob: [UInt8]
        let place: Place
    }

    enum Marker: String {
        case none = ""
        case revoked = "@revoked"
        /// The key of an authority that vouches for hosts, not of a host.
        case authority = "@cert-authority"
    }

    struct Place: Hashable {
        let path: String
        /// Counted from one, as editors and `ssh-keygen -F` do.
        let line: Int
    }

    /// The inventory's file, the only one that is written.
    let path: String
    /// `10.0.0.1`, or `[10.0.0.1]:2222` where the port is not 22.
    let name: String
    private let pattern: NamePattern
    private let own: [Entry]
    private let global: [Entry]

    private var entries: [Entry] { own + global }

    static func name(of host: Host) -> String {
        host.access.port == 22 ? host.outerAddress : "[\(host.outerAddress)]:\(host.access.port)"
    }

    /// A file that is not there knows nobody; one that cannot be read is an error.
    init(at path: String, _ globalPaths: [String], for host: Host) throws(SSHError) {
        let pattern = NamePattern(name: Self.name(of: host), address: host.outerAddress)
        self.path = path
        self.pattern = pattern
        name = Self.name(of: host)
        own = try Self.entries(at: path, pattern)
        var global: [Entry] = []
        for path in globalPaths { global += try Self.entries(at: path, pattern) }
        self.global = global
    }

    private init(_ other: KnownHosts, own: [Entry]) {
        (path, name, pattern, global) = (other.path, other.name, other.pattern, other.global)
        self.own = own
    }

    /// The same, but for the inventory's file, which has been read again.
    func with(_ content: [UInt8]) -> KnownHosts { KnownHosts(self, own: Self.entries(in: content, of: path, pattern)) }

    /// The types of the keys that are known, in the order of the files.
    var types: [String] { entries.filter { $0.marker == .none }.map(\.type) }

    /// Whether the files know the key; false means that they do not know the host at all. A key other than the known
    /// ones is an error, even of a type that is not known: a host that still has its old key would have shown that.
    func knows(_ key: HostKey) throws(SSHError) -> Bool {
        let blob = Base64.decoded(key.base64)
        let same = entries.filter { $0.blob == blob }
        if let revoked = same.first(where: { $0.marker == .revoked }) { throw .revokedHostKey(key, revoked.place) }
        if same.contains(where: { $0.marker == .none }) { return true }
        let others = entries.filter { $0.marker == .none }
        if let other = others.first(where: { $0.type == key.type }) ?? others.first {
            throw .changedHostKey(key, other.place)
        }
        // Whoever vouches for the host's key would be passed over by believing it untested.
        if let authority = entries.first(where: { $0.marker == .authority }) {
            throw .certifiedHostKey(key, authority.place)
        }
        return false
    }

    private static func entries(at path: String, _ pattern: NamePattern) throws(SSHError) -> [Entry] {
        do throws(LocalFile.Failure) {
            return entries(in: try LocalFile.read(path).bytes, of: path, pattern)
        } catch  where error.isMissing {
            return []
        } catch {
            throw .knownHosts(path, reason: error.reason)
        }
    }

    private static func entries(in content: [UInt8], of path: String, _ pattern: NamePattern) -> [Entry] {
        content.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).enumerated()
            .compactMap { index, line in entry(in: line, Place(path: path, line: index + 1), pattern) }
    }

    /// OpenSSH's rules (sshd(8), SSH_KNOWN_HOSTS FILE FORMAT): blanks may stand before each word, and a line with
    /// another marker says nothing.
    private static func entry(in line: ArraySlice<UInt8>, _ place: Place, _ pattern: NamePattern) -> Entry? {
        var rest = line
        var hosts = word(&rest)
        guard let first = hosts.first, first != UInt8(ascii: "#") else { return nil }
        var marker = Marker.none
        if first == UInt8(ascii: "@") {
            guard let known = Marker(rawValue: String(decoding: hosts, as: UTF8.self)) else { return nil }
            marker = known
            hosts = word(&rest)
        }
        let (type, base64) = (word(&rest), word(&rest))
        guard let blob = Base64.decoded(String(decoding: base64, as: UTF8.self)), !blob.isEmpty,
            pattern.matches(hosts, type, base64, isAuthority: marker == .authority)
        else { return nil }
        return Entry(marker: marker, type: String(decoding: type, as: UTF8.self), blob: blob, place: place)
    }

    private static func word(_ rest: inout ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        rest = rest.drop(while: isBlank)
        let word = rest.prefix { !isBlank($0) }
        rest = rest.dropFirst(word.count)
        return word
    }

    private static func isBlank(_ byte: UInt8) -> Bool {
        [UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r")].contains(byte)
    }
}
