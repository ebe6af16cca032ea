import ForgeCore
import ForgeTestSupport
import Foundation
import Glibc
import Synchronization
import Testing

@testable import ForgeSSH

@Suite("known_hosts, to which a key is added")
struct KnownHostsTests {
    private func hosts(_ path: String, _ address: Int) throws -> KnownHosts {
        let access = Host.Access(user: "me", keyPath: nil, knownHostsPath: path)
        let host = Host(
            name: "m", address: IPv4Address("10.0.0.\(address)")!, role: .worker, isSchedulable: true, access: access)
        return try KnownHosts(at: path, [], for: host)
    }

    private let key = HostKey(type: "ssh-ed25519", base64: "AAAA", fingerprint: "SHA256:x")

    private func deadline() -> Deadline {
        let wakeup = WakeupPipe()
        return Deadline(for: .seconds(600), Cancellation(wakeup), wakeup)
    }

    private func line(_ address: Int) -> String { "10.0.0.\(address) ssh-ed25519 AAAA" }

    @Test("names the line of the host's other key: the first of the same type, or else the first of all")
    func otherKeys() async throws {
        try await TemporaryDirectory.during { directory in
            let path = directory.path("known_hosts")
            func failure(_ text: String) throws -> SSHError? {
                try directory.write("known_hosts", text)
                let known = try hosts(path, 1)
                return #expect(throws: SSHError.self) { try known.knows(key) }
            }
            let others = "\n\n10.0.0.1 ssh-rsa BBBB\n10.0.0.1 ssh-rsa CCCC\n"
            let same = "10.0.0.1 ssh-ed25519 DDDD\n10.0.0.1 ssh-ed25519 EEEE\n"
            func place(_ line: Int) -> KnownHosts.Place { KnownHosts.Place(path: path, line: line) }
            let other = try failure(others)
            #expect(other == SSHError.changedHostKey(key, place(3)))
            let ofType = try failure(others + same)
            #expect(ofType == SSHError.changedHostKey(key, place(5)))
            let authority = "@cert-authority 10.0.0.1 ssh-rsa BBBB\n"
            let certified = try failure(authority + authority)
            #expect(certified == SSHError.certifiedHostKey(key, place(1)))
            let revoked = "@revoked * ssh-ed25519 AAAA\n"
            let twice = try failure("\(line(1))\n" + revoked + revoked)
            #expect(twice == SSHError.revokedHostKey(key, place(2)))
        }
    }

    @Test(
        "says something of the hosts alone that a whole pattern names",
        arguments: [
            ("10.0.0.1", true), ("10.0.0.1*", true), ("10.0.0.1**", true), ("10.*", true), ("10.0.0.?", true),
            ("10.0.0.11", false), ("10.0.0.1?", false), ("10.0.0.1*1", false), ("10.0.0.", false), ("*.0.0.2", false),
        ])
    func patterns(pattern: String, isNamed: Bool) async throws {
        try await TemporaryDirectory.during { directory in
            let path = try directory.write("known_hosts", "\(pattern) ssh-ed25519 AAAA\n")
            #expect(try hosts(path, 1).types == (isNamed ? ["ssh-ed25519"] : []))
        }
    }

    @Test("loses no line when many write at once, with their own and with other programs'")
    func atOnce() async throws {
        try await TemporaryDirectory.during { directory in
            let path = try directory.write("known_hosts", "# mine\n", mode: 0o644)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 1...40 {
                    group.addTask { try number % 2 == 0 ? accept(path, number) : append(path, number) }
                }
                try await group.waitForAll()
            }
            let lines = try directory.text("known_hosts").split(separator: "\n").map(String.init)
            #expect(lines.sorted() == (["# mine"] + (1...40).map(line)).sorted())
            #expect(try directory.mode("known_hosts") == 0o644)
        }
    }

    private func accept(_ path: String, _ address: Int) throws {
        let isNew = try hosts(path, address).accept(key, deadline())
        #expect(isNew)
    }

    /// As ssh does: without a lock.
    private func append(_ path: String, _ address: Int) throws {
        let fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC)
        defer { close(fd) }
        let bytes = Array("\(line(address))\n".utf8)
        #expect(write(fd, bytes, bytes.count) == bytes.count)
    }

    @Test("is the file that has the name then, where another has come into its place while it was locked")
    func replaced() async throws {
        try await TemporaryDirectory.during { directory in
            let path = try directory.write("known_hosts", "# old\n")
            let lock = open(path, O_RDWR | O_CLOEXEC)
            #expect(flock(lock, LOCK_EX) == 0)
            let (hosts, deadline, key) = (try hosts(path, 1), deadline(), key)
            let task = Task.detached { try hosts.accept(key, deadline) }
            while try opened(path).count < 2 { try await Task.sleep(for: .milliseconds(5)) }
            // What ssh adds between its look and its line is not written over.
            #expect(try opened(path).contains { $0 & O_APPEND != 0 })
            try directory.write("new", "# new\n")
            #expect(rename(directory.path("new"), path) == 0)
            close(lock)
            #expect(try await task.value)
            #expect(try directory.text("known_hosts") == "# new\n\(line(1))\n")
        }
    }

    /// The flags of each descriptor that this process has of the file.
    private func opened(_ path: String) throws -> [CInt] {
        try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").compactMap { fd in
            guard (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\(fd)")) == path else {
                return nil
            }
            let state = try? String(contentsOfFile: "/proc/self/fdinfo/\(fd)", encoding: .utf8)
            return state?.firstMatch(of: /flags:\s*([0-7]+)/).flatMap { CInt($0.1, radix: 8) }
        }
    }

    @Test("keeps its owner and its link; a new one is its directory's owner's", .enabled(if: geteuid() == 0))
    func owner() async throws {
        try await TemporaryDirectory.during { directory in
            let path = try directory.write("real", "# mine\n", mode: 0o640)
            chown(path, 12345, 23456)
            symlink("real", directory.path("known_hosts"))
            try accept(directory.path("known_hosts"), 1)
            chown(directory.path, 12346, 23457)
            try accept(directory.path("new/known_hosts"), 2)
            symlink("dangling", directory.path("link"))
            try accept(directory.path("link"), 3)
            let owners = try ["real", "new", "new/known_hosts"].map { name in
                let attributes = try FileManager.default.attributesOfItem(atPath: directory.path(name))
                return "\(attributes[.ownerAccountID] ?? "") \(attributes[.groupOwnerAccountID] ?? "")"
            }
            #expect(owners == ["12345 23456", "12346 23457", "12346 23457"])
            #expect(try directory.text("real") == "# mine\n\(line(1))\n" && directory.mode("real") == 0o640)
            #expect(try FileManager.default.destinationOfSymbolicLink(atPath: directory.path("known_hosts")) == "real")
            #expect(try directory.text("dangling") == "\(line(3))\n")
            #expect(try directory.mode("new") == 0o700 && directory.mode("new/known_hosts") == 0o600)
        }
    }
}
