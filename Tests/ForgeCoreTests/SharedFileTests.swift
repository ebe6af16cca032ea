import ForgeCore
import ForgeTestSupport
import Foundation
import Glibc
import Testing

@Suite("A file that others own, too")
struct SharedFileTests {
    private func file(_ path: String) -> SharedFile { SharedFile(path, orElse: "set KUBECONFIG to another file") }

    private func names(_ directory: TemporaryDirectory) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: directory.path).sorted()
    }

    @Test("that is not there is made, with its directory, readable by its owner alone")
    func new() async throws {
        try await TemporaryDirectory.during { directory in
            try await file(directory.path("a/b/config")).change { old in
                #expect(old == nil)
                return "mine"
            }
            #expect(try directory.text("a/b/config") == "mine")
            #expect(try directory.mode("a/b/config") == 0o600)
            #expect(try directory.mode("a/b") == 0o700)
            #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path("a/b")) == ["config"])
            #expect(file(directory.path("a/b/config")).obstacle() == nil)
            #expect(file(directory.path("a/new/deep/config")).obstacle() == nil)
        }
    }

    @Test("is read to its end, up to 16 MiB of it")
    func whole() async throws {
        try await TemporaryDirectory.during { directory in
            let path = try directory.write("config", "theirs")
            // Left behind by a call before this one.
            errno = EINTR
            let text = try file(path).text()
            #expect(text == "theirs")
            truncate(path, 16_777_216)
            #expect(try file(path).text()?.utf8.count == 16_777_216)
            truncate(path, 16_777_217)
            let problem = #expect(throws: Problem.self) { try file(path).text() }
            #expect(problem?.why == "it has more than 16 MiB")
            // A regular file whose bytes nobody can have.
            let memory = #expect(throws: Problem.self) { try file("/proc/self/mem").text() }
            #expect(memory?.why == "Input/output error")
        }
    }

    /// Of its inode: another file of the same name has another one.
    private func number(_ path: String) throws -> Int? {
        try FileManager.default.attributesOfItem(atPath: path)[.systemFileNumber] as? Int
    }

    @Test("is kept once, as it was before the first change, and is not written where nothing is other")
    func kept() async throws {
        try await TemporaryDirectory.during { directory in
            let path = try directory.write("config", "theirs", mode: 0o640)
            let before = try number(path)
            try await file(path).change { _ in "theirs" }
            #expect(try number(path) == before && names(directory) == ["config"])
            for text in ["first", "second"] { try await file(path).change { _ in text } }
            #expect(try names(directory) == ["config", "config.before-kubeforge"])
            #expect(try directory.text("config.before-kubeforge") == "theirs")
            #expect(try directory.text("config") == "second")
            #expect(try [directory.mode("config"), directory.mode("config.before-kubeforge")] == [0o600, 0o600])
        }
    }

    @Test(
        "keeps its owner and its group, and so does its copy; a new one is its directory's owner's",
        .enabled(if: geteuid() == 0))
    func owner() async throws {
        try await TemporaryDirectory.during { directory in
            let path = try directory.write("config", "theirs")
            chown(path, 12345, 23456)
            chown(directory.path, 12346, 23457)
            #expect(file(path).obstacle() == nil)
            try await file(path).change { _ in "new" }
            // Where only one of the two is another's.
            let halves: [(String, uid_t, gid_t)] = [("user", 12345, getegid()), ("group", geteuid(), 23456)]
            for (name, user, group) in halves {
                chown(try directory.write(name, "theirs"), user, group)
                try await file(directory.path(name)).change { _ in "new" }
                let attributes = try FileManager.default.attributesOfItem(atPath: directory.path(name))
                #expect(attributes[.ownerAccountID] as? Int == Int(user))
                #expect(attributes[.groupOwnerAccountID] as? Int == Int(group))
            }
            try await file(directory.path("new/other")).change { _ in "new" }
            let owners = try ["config", "config.before-kubeforge", "new", "new/other"].map { name in
                let attributes = try FileManager.default.attributesOfItem(atPath: directory.path(name))
                return "\(attributes[.ownerAccountID] ?? "") \(attributes[.groupOwnerAccountID] ?? "")"
            }
            #expect(owners == ["12345 23456", "12345 23456", "12346 23457", "12346 23457"])
        }
    }

    @Test("that is a link stays one, also where its end is not there yet")
    func link() async throws {
        try await TemporaryDirectory.during { directory in
            try FileManager.default.createDirectory(
                atPath: directory.path("dotfiles"), withIntermediateDirectories: true)
            symlink("second", directory.path("config"))
            symlink("dotfiles/kube", directory.path("second"))
            for text in ["a", "b"] { try await file(directory.path("config")).change { _ in text } }
            #expect(try names(directory) == ["config", "dotfiles", "second"])
            #expect(try FileManager.default.destinationOfSymbolicLink(atPath: directory.path("config")) == "second")
            #expect(try directory.text("dotfiles/kube") == "b")
            #expect(try directory.text("dotfiles/kube.before-kubeforge") == "a")
        }
    }

    @Test("may be behind 39 links, and no more")
    func links() async throws {
        try await TemporaryDirectory.during { directory in
            try directory.write("link0", "theirs")
            for number in 1...40 { symlink("link\(number - 1)", directory.path("link\(number)")) }
            #expect(try file(directory.path("link39")).text() == "theirs")
            let problem = #expect(throws: Problem.self) { try file(directory.path("link40")).text() }
            #expect(problem?.why == "Too many levels of symbolic links")
        }
    }

    @Test("that cannot be read is left as it is: only what is not there is made anew")
    func unreadable() async throws {
        try await TemporaryDirectory.during { directory in
            try FileManager.default.createDirectory(atPath: directory.path("folder"), withIntermediateDirectories: true)
            mkfifo(directory.path("pipe"), 0o600)
            let socket = try Socket(directory.path("socket"))
            defer { socket.close() }
            symlink("loop", directory.path("loop"))
            try directory.write("file", "theirs")
            try Data([0xFF, 0xFE, 0x41]).write(to: URL(filePath: directory.path("binary")))
            truncate(try directory.write("large", ""), 17 << 20)
            let reasons = [
                "folder": "it is not a regular file", "pipe": "it is not a regular file",
                "loop": "Too many levels of symbolic links",
                "socket": "No such device or address", "file/below": "Not a directory", "binary": "it is not UTF-8",
                "large": "it has more than 16 MiB",
            ]
            for (name, reason) in reasons {
                let file = file(directory.path(name))
                let problem = await #expect(throws: Problem.self) { try await file.change { _ in "mine" } }
                #expect(problem?.what == "\(directory.path(name)) could not be changed; it was left untouched")
                #expect(problem?.why?.hasSuffix(reason) == true, "\(problem?.why ?? "")")
                #expect(
                    problem?.fix?.hasSuffix("set KUBECONFIG to another file") == true
                        || problem?.fix?.contains(", and run again") == true)
                #expect(file.obstacle() != nil)
            }
            #expect(try directory.text("file") == "theirs")
            #expect(try names(directory) == ["binary", "file", "folder", "large", "loop", "pipe", "socket"])
            let fix = "make it a file that you may write, or set KUBECONFIG to another file, and run again"
            for (name, why) in [("file/below", "Not a directory"), ("file/x/config", "/file/x: Not a directory")] {
                let file = file(directory.path(name))
                let problem = await #expect(throws: Problem.self) { try await file.change { _ in "mine" } }
                #expect(problem?.why == why.replacing("/file", with: "\(directory.path)/file"))
                #expect(problem?.fix == fix)
            }
        }
    }

    /// Tests that run as root may read everything: this one runs as somebody else, in a process of its own.
    @Test(
        "of another user is left as it is, whether it may be read or not", .enabled(if: geteuid() == 0),
        arguments: [0o644, 0o600])
    func others(mode: Int) async throws {
        try await TemporaryDirectory.during { directory in
            let path = try directory.write("config", "theirs", mode: mode)
            chmod(directory.path, 0o777)
            let seen = directory.path("seen")
            await #expect(processExitsWith: .success) {
                [path = path as String, seen = seen as String, place = directory.path as String] in
                guard setgid(65534) == 0, setuid(65534) == 0 else { throw Problem(what: "it stays root") }
                let file = SharedFile(path, orElse: "set KUBECONFIG to another file")
                let said: String
                do throws(Problem) { said = try file.text() ?? "nothing is there" } catch { said = error.why ?? "" }
                try? await file.change { _ in "mine" }
                // Theirs alone is what they make themselves.
                let deep = SharedFile(place + "/new/deep/config", orElse: "set KUBECONFIG to another file")
                let last = deep.obstacle()?.why ?? "nothing"
                try await SharedFile(place + "/fresh", orElse: "set KUBECONFIG to another file").change { _ in "mine" }
                let told = "\(said)\n\(file.obstacle()?.why ?? "none")\n\(last)\n"
                try Data(told.utf8).write(to: URL(filePath: seen))
            }
            #expect(try directory.text("config") == "theirs" && directory.text("fresh") == "mine")
            let readable = "theirs\nit belongs to user ID 0\nnothing\n"
            let unreadable = "Permission denied\nPermission denied\nnothing\n"
            #expect(try directory.text("seen") == (mode == 0o644 ? readable : unreadable))
        }
    }

    @Test("is changed by one at a time, and none of the changes is lost")
    func atOnce() async throws {
        try await TemporaryDirectory.during { directory in
            let file = file(directory.path("config"))
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<20 {
                    group.addTask { try await file.change(waiting: .seconds(600)) { ($0 ?? "") + "\(number)\n" } }
                }
                try await group.waitForAll()
            }
            #expect(try Set(directory.text("config").split(separator: "\n")) == Set((0..<20).map { "\($0)" }))
        }
    }

    @Test("that another program changes is waited for, and not for ever")
    func locked() async throws {
        try await TemporaryDirectory.during { directory in
            let path = try directory.write("config", "theirs")
            let descriptor = open(directory.path, O_RDONLY | O_DIRECTORY)
            flock(descriptor, LOCK_EX)
            var problem = await #expect(throws: Problem.self) {
                try await file(path).change(waiting: .zero) { _ in "mine" }
            }
            #expect(problem?.why == "another program changes it")
            close(descriptor)
            let lock = try directory.write("config.lock", "")
            problem = await #expect(throws: Problem.self) {
                try await file(path).change(waiting: .zero) { _ in "mine" }
            }
            #expect(problem?.why == "\(lock) exists: kubectl is changing the file, or was killed while it did")
            #expect(problem?.fix == "run it again; if no kubectl runs: rm \(lock)")
            #expect(try directory.text("config") == "theirs")
        }
    }
}

/// A place that can neither be opened nor is nothing there.
private struct Socket {
    private let descriptor: CInt

    init(_ path: String) throws {
        descriptor = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8.prefix($0.count - 1)) }
        let size = socklen_t(MemoryLayout<sockaddr_un>.size)
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, size) }
        }
        try #require(result == 0, "\(String(cString: strerror(errno)))")
    }

    func close() { Glibc.close(descriptor) }
}
