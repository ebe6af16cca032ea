import ForgeTestSupport
import Foundation
import Glibc
import Synchronization
import Testing

@testable import ForgeCore

@Suite("A remote file")
struct RemoteFileTests {
    private let directory: String
    private let owner: String

    init() throws {
        directory = NSTemporaryDirectory() + "kubeforge-core-\(UUID().uuidString)"
        owner = try LocalShell.run(.script("echo $(id -u):$(id -g)")).text.trimming(while: \.isNewline)
    }

    @Test(
        "is written with its mode, whatever it is called",
        arguments: ["plain.conf", "it's", "$(id)", "-rf", "a\nb", "*"])
    func isWritten(name: String) throws {
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let file = RemoteFile("\(directory)/new directory/\(name)", "hello\n", mode: 0o640, owner: owner)
        #expect(try LocalShell.run(file.write) == Output())
        #expect(try String(contentsOfFile: file.path, encoding: .utf8) == "hello\n")
        #expect(try FileManager.default.attributesOfItem(atPath: file.path)[.posixPermissions] as? Int == 0o640)
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory + "/new directory") == [name])
    }

    @Test("takes the place of the old one, and sweeps up after a write that was killed, and after nobody else")
    func replaces() throws {
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let path = directory + "/file"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        let others = [
            "file.kubeforge.", "file.kubeforge.1.old", "file.kubeforge.12a", "file.kubeforge.bak", "filekubeforge.1",
        ]
        for old in ["file", "file.kubeforge.123", "file.kubeforge.4", "file.kubeforge.kept"] + others {
            try Data("old".utf8).write(to: URL(filePath: "\(directory)/\(old)"))
        }
        #expect(try LocalShell.run(RemoteFile(path, "new", owner: owner).write) == Output())
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory).sorted() == ["file"] + others)
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "new")
    }

    @Test("that arrives damaged leaves the old one as it was, and says so")
    func leavesOldOne() throws {
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let path = directory + "/file"
        _ = try LocalShell.run(RemoteFile(path, "old", owner: owner).write)
        let output = try LocalShell.run(RemoteFile(path, "new", owner: owner).write.reading("ne"))
        #expect(output.exit == .code(1))
        #expect(
            output.lastLine
                == "\(path): sha256 is \(SHA256.hex("ne")) after the transfer, expected \(SHA256.hex("new"))")
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory) == ["file"])
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "old")
    }

    @Test("that is secret travels as a secret, and not in the arguments")
    func travelsAsSecret() {
        let write = RemoteFile("/etc/token", "abcdef", mode: 0o600, isSecret: true).write
        #expect(write.input == .secret(Array("abcdef".utf8)))
        #expect(!write.line.contains("abcdef"))
    }

    @Test("is shown where nobody says that it is secret")
    func isShown() {
        #expect(RemoteFile("/etc/motd", "hello").write.input == .bytes(Array("hello".utf8)))
        #expect(RemoteFile("/etc/motd", bytes: [1, 2, 3]).write.input == .bytes([1, 2, 3]))
    }

    @Test("has its place although its directory cannot be brought to the disk, as on some file systems")
    func unsyncedDirectory() async throws {
        try await TemporaryDirectory.during { place in
            try place.write("bin/sync", "#!/bin/sh\ncase $2 in */) exit 1;; esac\n", mode: 0o755)
            let file = RemoteFile(place.path("file"), "new", owner: owner)
            let output = try await LocalTransport(programs: place.path("bin")).run(file.write)
            #expect(output == Output())
            #expect(try place.text("file") == "new")
        }
    }
}

@Suite("A file that is there as a whole or not at all")
struct WholeFileTests {
    @Test("is written with its mode, in the place of another, and nothing is left beside it")
    func written() async throws {
        try await TemporaryDirectory.during { directory in
            let path = directory.path("file")
            try WholeFile.write(Array("first".utf8), to: path, mode: 0o640)
            #expect(try directory.text("file") == "first")
            #expect(try directory.mode("file") == 0o640)
            try WholeFile.write(Array("second".utf8), to: path)
            #expect(try directory.text("file") == "second")
            #expect(try directory.mode("file") == 0o640, "that of the file which was there")
            try WholeFile.write([], to: path, mode: 0o600)
            #expect(try directory.text("file") == "" && directory.mode("file") == 0o600)
            #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path) == ["file"])
        }
    }

    @Test("has the mode that the umask leaves where no other is given, also in the place of a link")
    func usualMode() async throws {
        try await TemporaryDirectory.during { directory in
            symlink("none", directory.path("link"))
            await #expect(processExitsWith: .success) { [path = directory.path as String] in
                umask(0o027)
                try WholeFile.write([1], to: path + "/file")
                let modes = ["/none", "/link", "/file"].map { WholeFile.usualMode(path + $0) }
                try WholeFile.write([1], to: path + "/link")
                let told = modes.map { String($0, radix: 8) }.joined(separator: " ")
                try WholeFile.write(Array(told.utf8), to: path + "/told")
            }
            let (said, file, link) = try (directory.text("told"), directory.mode("file"), directory.mode("link"))
            #expect(said == "640 640 640")
            #expect([file, link] == [0o640, 0o640])
        }
    }

    @Test("that grows beyond what the process may write is not there, nor a part of it")
    func tooLarge() async throws {
        try await TemporaryDirectory.during { directory in
            try directory.write("file", "old")
            await #expect(processExitsWith: .success) { [path = directory.path as String] in
                signal(SIGXFSZ, SIG_IGN)
                var limit = rlimit(rlim_cur: 4, rlim_max: 4)
                guard setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit) == 0 else {
                    throw Problem(what: "it has no limit")
                }
                do throws(WholeFile.Failure) { try WholeFile.write([1, 2, 3, 4, 5], to: path + "/file") } catch {
                    guard error.reason == "File too large" else { throw Problem(what: error.reason) }
                    return
                }
                throw Problem(what: "it was written")
            }
            #expect(try directory.text("file") == "old")
            #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path) == ["file"])
        }
    }

    @Test("belongs to whom it shall", .enabled(if: geteuid() == 0))
    func owner() async throws {
        try await TemporaryDirectory.during { directory in
            try WholeFile.write([], to: directory.path("file"), mode: 0o600, owner: (12345, 23456))
            let attributes = try FileManager.default.attributesOfItem(atPath: directory.path("file"))
            #expect(attributes[.ownerAccountID] as? Int == 12345 && attributes[.groupOwnerAccountID] as? Int == 23456)
        }
    }

    /// What is synced, in order: the place of the descriptor, and what the file's real name has then.
    private final class Syncs: Sendable {
        private let path: String
        private let all = Mutex<[String]>([])

        init(_ path: String) { self.path = path }

        func note(_ descriptor: CInt) -> CInt {
            let place =
                (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\(descriptor)")) ?? ""
            let text =
                FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) } ?? "nothing"
            all.withLock { $0.append("\((place as NSString).lastPathComponent): \(text)") }
            return 0
        }

        var seen: [String] { all.withLock { $0 } }
    }

    @Test("has its name when its bytes are on the disk, and then its name is on the disk, too")
    func synced() async throws {
        try await TemporaryDirectory.during { directory in
            let name = (directory.path as NSString).lastPathComponent
            try directory.write("file", "old")
            try directory.write("beside", "new")
            let syncs = Syncs(directory.path("file"))
            try WholeFile.place(directory.path("beside"), at: directory.path("file"), sync: syncs.note)
            #expect(syncs.seen == ["beside: old", "\(name): new"])
            try directory.write("other", "newer")
            let once = Syncs(directory.path("copy"))
            try WholeFile.placeOnce(directory.path("other"), at: directory.path("copy"), sync: once.note)
            #expect(once.seen == ["other: nothing", "\(name): newer"])
        }
    }

    @Test("stays as it was where the new one cannot come to the disk, or has no place")
    func refused() async throws {
        try await TemporaryDirectory.during { directory in
            try directory.write("file", "old")
            try directory.write("beside", "new")
            let failure = #expect(throws: WholeFile.Failure.self) {
                try WholeFile.place(directory.path("beside"), at: directory.path("file")) { _ in
                    errno = ENOSPC
                    return -1
                }
            }
            #expect(failure?.reason == "No space left on device")
            #expect(try directory.text("file") == "old")
            try FileManager.default.createDirectory(atPath: directory.path("folder"), withIntermediateDirectories: true)
            let taken = #expect(throws: WholeFile.Failure.self) {
                try WholeFile.write([], to: directory.path("folder"))
            }
            #expect(taken?.reason == "Is a directory")
            let missing = #expect(throws: WholeFile.Failure.self) {
                try WholeFile.write([], to: directory.path("none/file"))
            }
            #expect(missing?.reason == "No such file or directory")
            let nothing = #expect(throws: WholeFile.Failure.self) {
                try WholeFile.place(directory.path("nothing"), at: directory.path("file"))
            }
            #expect(nothing?.reason == "No such file or directory")
            let owner = WholeFile.newOwner(directory.path("none/file"))
            let hasNone = owner == nil
            #expect(hasNone)
            #expect(
                try FileManager.default.contentsOfDirectory(atPath: directory.path).sorted() == [
                    "beside", "file", "folder",
                ])
        }
    }

    @Test("does not replace one that is to stay")
    func once() async throws {
        try await TemporaryDirectory.during { directory in
            try directory.write("file", "theirs")
            try directory.write("beside", "mine")
            try WholeFile.placeOnce(directory.path("beside"), at: directory.path("file"))
            #expect(try directory.text("file") == "theirs")
            try directory.write("beside", "mine")
            let failure = #expect(throws: WholeFile.Failure.self) {
                try WholeFile.placeOnce(directory.path("beside"), at: directory.path("none/file"))
            }
            #expect(failure?.reason == "No such file or directory")
            #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path) == ["file"])
        }
    }
}
