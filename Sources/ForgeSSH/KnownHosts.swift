import ForgeCore
import Glibc

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
        // Whoever vouches for the host's key would be passed over by trusting it unverified.
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

extension KnownHosts {
    /// Writes the host's key down; false when somebody else has done so since the file was read.
    /// The file is made 0600 and its directory 0700 where they are not there.
    ///
    /// Connections to many hosts are made at once, and other programs use the file, too: so it is locked, and read
    /// again under the lock.
    /// Two keys of one host, written down by two runs, would both be trusted from then on. The line is added to the
    /// file and the file never replaced: ssh adds lines without a lock, which would be lost; owner, mode and links stay
    /// as they are.
    func accept(_ key: HostKey, _ deadline: Deadline) throws(SSHError) -> Bool {
        let fd = try locked(deadline)
        defer { close(fd) }
        let content = try opened { () throws(LocalFile.Failure) in try LocalFile.readAll(fd).bytes }
        if try with(content).knows(key) { return false }
        // A last line without a newline would swallow ours.
        let isOpen = content.last.map { $0 != UInt8(ascii: "\n") } ?? false
        let line = Array("\(isOpen ? "\n" : "")\(name) \(key.type) \(key.base64)\n".utf8)
        try opened { () throws(LocalFile.Failure) in try LocalFile.write(line, to: fd) }
        return true
    }

    /// The file that has the name when it is locked: meanwhile `ssh-keygen -R` may have put another into its place.
    private func locked(_ deadline: Deadline) throws(SSHError) -> CInt {
        while true {
            let fd = try opened { () throws(LocalFile.Failure) in
                try LocalFile.makeDirectory(WholeFile.directory(of: path))
                return try LocalFile.openOrMake(path, O_RDWR | O_APPEND)
            }
            do throws(SSHError) { try lock(fd, deadline) } catch {
                close(fd)
                throw error
            }
            if LocalFile.has(path, fd) { return fd }
            close(fd)
        }
    }

    private func lock(_ fd: CInt, _ deadline: Deadline) throws(SSHError) {
        while try !opened({ () throws(LocalFile.Failure) in try LocalFile.lock(fd) }) {
            do throws(SSHError) { try deadline.pause(.milliseconds(20)) } catch {
                throw error == .timedOut ? .knownHostsLocked(path) : error
            }
        }
    }

    private func opened<Value>(_ work: () throws(LocalFile.Failure) -> Value) throws(SSHError) -> Value {
        do throws(LocalFile.Failure) { return try work() } catch { throw .knownHosts(path, reason: error.reason) }
    }
}

/// Compares a host's name with the first word of lines in known_hosts: lists, wildcards, negations and hashed names.
private struct NamePattern {
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
