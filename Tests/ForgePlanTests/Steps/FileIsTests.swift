import ForgeCore
import ForgeTestSupport
import Foundation
import Testing

@testable import ForgePlan

@Suite("A file's content")
struct FileIsTests {
    private let step = FileIs(RemoteFile("/etc/a b", "hello\n"), title: "a b greets")

    private func state(_ change: (inout FileState) -> Void = { _ in }) -> [Question: Answer] {
        var state = FileState(mode: 0o644, owner: "root:root", size: 6, sha256: SHA256.hex("hello\n"))
        change(&state)
        return [.file("/etc/a b"): .file(state)]
    }

    @Test("is compared by digest, mode and owner")
    func differences() {
        #expect(step.title == "a b greets")
        #expect(step.texts(state()) == [])
        #expect(step.texts([.file("/etc/a b"): .file(nil)]) == ["/etc/a b is missing"])
        #expect(
            step.texts(state { $0.sha256 = SHA256.hex("x") }) == [
                "/etc/a b has somebody else's content, which is kept as /etc/a b.before-kubeforge"
            ])
        let before = state {
            $0.sha256 = SHA256.hex("x")
            $0.written = [SHA256.hex("hello\n"), SHA256.hex("x")]
        }
        #expect(step.texts(before) == ["/etc/a b differs"])
        #expect(
            step.texts(
                state {
                    $0.mode = 0o4755
                    $0.owner = "ubuntu:ubuntu"
                }) == ["mode of /etc/a b: 04755 → 0644", "owner of /etc/a b: ubuntu:ubuntu → root:root"])
        #expect(
            step.texts(
                state {
                    $0.kind = .symlink
                    $0.sha256 = nil
                }) == ["/etc/a b is a symlink, not a file"])
    }

    @Test("is written in one command, by root")
    func apply() async throws {
        let (machine, transport) = Example.machine { _ in Output() }
        try await step.apply(to: machine)
        #expect(await transport.commands == [step.file.write])
        #expect(step.file.write.isAsRoot)
    }

    @Test("is asked for and found as written, on a real file system")
    func roundTrip() async throws {
        try await TemporaryDirectory.during { directory in
            let owner = try await LocalProgram.run("stat", ["-c", "%U:%G", directory.path]).trimming(while: \.isNewline)
            let step = FileIs(RemoteFile(directory.path("new/$(x) y"), "text\n", mode: 0o600, owner: owner))
            let machine = Machine(host: Example.host(), transport: LocalTransport())
            #expect(step.differences(given: try await machine.ask(step.questions)) == ["\(step.file.path) is missing"])
            try await step.apply(to: machine)
            #expect(step.differences(given: try await machine.ask(step.questions)) == [])
        }
    }

    @Test(
        "that cannot be written says so, and what helps",
        arguments: [
            ("cat: write error: No space left on device", "make room on kubnode: `df -h` and `df -i` tell where"),
            (
                "mktemp: failed to create file: Read-only file system",
                "/etc/x is on a mount that cannot be changed: `findmnt -T /etc/x` on kubnode"
            ),
            (
                "mv: cannot move to '/etc/x': Device or resource busy",
                "/etc/x is on a mount that cannot be changed: `findmnt -T /etc/x` on kubnode"
            ),
            (
                "mv: cannot move to '/etc/x': Operation not permitted",
                "/etc/x may be protected: `lsattr /etc/x` on kubnode; `sudo chattr -i` takes it off"
            ),
            ("boom", "`ls -ld /etc/x` and `df -h` on kubnode tell more"),
        ])
    func cannotBeWritten(said: String, fix: String) async {
        let (machine, _) = Example.machine { _ in .failed(1, said + "\n") }
        let step = FileIs(RemoteFile("/etc/x", "text\n"))
        let problem = await #expect(throws: Problem.self) { try await step.apply(to: machine) }
        #expect(problem?.why == said)
        #expect(problem?.fix == fix)
    }
}

@Suite("An absent file")
struct IsAbsentTests {
    private let step = FileIsAbsent("/etc/apt/old list", title: "the old list is gone")

    @Test("is compared by whether anything is there")
    func differences() {
        #expect(step.texts([.file("/etc/apt/old list"): .file(nil)]) == [])
        let (path, copy) = ("/etc/apt/old list", "/etc/apt/old list.before-kubeforge")
        #expect(step.questions == [.file(path), .file(copy)])
        #expect(
            step.texts([.file(path): .file(FileState(sha256: "a", written: ["b", "a"]))]) == ["\(path) exists"])
        #expect(
            step.texts([.file(path): .file(FileState(kind: .symlink))]) == [
                "\(path) is somebody else's, and is kept as \(copy)"
            ])
        #expect(
            step.texts([.file(path): .file(FileState(sha256: "c")), .file(copy): .file(FileState())]) == [
                "\(path) was written again by somebody else, and is removed (\(copy) is the original)"
            ])
    }

    @Test("is removed where it is kubeforge's, and kept where it may be somebody else's")
    func apply() async throws {
        let (machine, transport) = Example.machine { _ in Output() }
        try await step.apply(to: machine)
        try await FileIsAbsent("/var/lib/kubeforge/x", title: "x is gone").apply(to: machine)
        #expect(
            await transport.commands == [
                OriginalFile.putAway("/etc/apt/old list"), Command("rm", "-f", "--", "/var/lib/kubeforge/x").asRoot(),
            ])
    }
}

@Suite("A link")
struct LinkIsTests {
    @Test("is made, with its directory, to what need not be there yet, and is then so")
    func isMade() async throws {
        try await TemporaryDirectory.during { directory in
            let step = LinkIs(
                directory.path("a/10.77.0.11:5443/ca.crt"), to: directory.path("pki/ca.crt"), title: "it leads there")
            let host = LocalTransport()
            let machine = Machine(host: Example.host(), transport: host)
            func differences() async throws -> [String] {
                try await step.differences(given: machine.ask(step.questions)).map(\.text)
            }
            let missing = ["\(step.path) does not lead to \(step.target)"]
            #expect(try await differences() == missing)
            try await step.apply(to: machine)
            #expect(try await differences() == [])
            try FileManager.default.createDirectory(atPath: directory.path("pki"), withIntermediateDirectories: true)
            try directory.write("pki/ca.crt", "authority")
            #expect(try await differences() == [])
            #expect(try directory.text("a/10.77.0.11:5443/ca.crt") == "authority")
            // Somebody's copy is no link: it would not follow.
            try FileManager.default.removeItem(atPath: step.path)
            try directory.write("a/10.77.0.11:5443/ca.crt", "authority")
            #expect(try await differences() == missing)
            try await step.apply(to: machine)
            #expect(try await differences() == [])
        }
    }

    private static let path = "/etc/docker/certs.d/10.77.0.11:5443/ca.crt"

    @Test(
        "takes nobody's file away: what is there is kept, another link, too",
        arguments: [
            frame(" 0") + frame(" 0") + frame("regular file|644|root:root|1|1") + frame("\(SHA256.hex("x"))  \(path)"),
            frame(" 0") + frame("") + frame("symbolic link|777|root:root|1|1") + frame(""),
        ])
    func others(looks: String) async throws {
        let path = Self.path
        let (machine, transport) = Example.machine(answering: looks) { _ in Output() }
        try await LinkIs(path, to: "/pki/ca.crt", title: "it leads there").apply(to: machine)
        #expect(await transport.commands[1] == OriginalFile.putAway(path))
        #expect(await transport.changes.last?.hasSuffix("sh \(path) /pki/ca.crt") == true)
    }
}
