import ForgeCore
import ForgePlan
import ForgeTestSupport
import Foundation
import Synchronization
import Testing

/// A file of a directory that others write to, too, on a machine that is this computer.
private struct SharedFile: Sendable {
    let directory: TemporaryDirectory
    let transport: LocalTransport
    let owner: String
    var package: String?
    private let told = Told()

    init(_ directory: TemporaryDirectory, shell: String) async throws {
        self.directory = directory
        try FileManager.default.createDirectory(atPath: directory.path("bin"), withIntermediateDirectories: true)
        transport = LocalTransport(shell: shell, programs: directory.path("bin"))
        owner = try await LocalProgram.run("stat", ["-c", "%U:%G", directory.path]).trimming(while: \.isNewline)
    }

    func step(_ text: String) -> FileIs {
        FileIs(
            RemoteFile(
                directory.path("a file"), bytes: Array(text.utf8), owner: owner, isShared: true, package: package))
    }

    /// What is found before the step is made so; nothing is found afterwards.
    func make(_ text: String) async throws -> [String] {
        let (step, told) = (step(text), told)
        let machine = Machine(
            host: Example.host(), transport: transport,
            onNews: { news in if case .detail(let detail) = news { told.news.withLock { $0.append(detail.text) } } })
        let found = step.differences(given: try await machine.ask(step.questions))
        try await step.apply(to: machine)
        #expect(step.differences(given: try await machine.ask(step.questions)) == [])
        return found.map { $0.text.replacing(directory.path, with: "") }
    }

    var news: [String] { told.news.withLock { $0 }.map { $0.replacing(directory.path, with: "") } }

    var copy: String? { try? directory.text("a file.before-kubeforge") }

    private final class Told: Sendable { let news = Mutex<[String]>([]) }
}

@Suite("What somebody else wrote into a file")
struct OriginalFileTests {
    @Test(
        "is kept beside it, once, with its mode; a dry run says so before, and the change afterwards",
        arguments: Shell.all)
    func others(shell: String) async throws {
        try await TemporaryDirectory.during { directory in
            let file = try await SharedFile(directory, shell: shell)
            try directory.write("a file", "mine\n", mode: 0o640)
            #expect(
                try await file.make("one")[0]
                    == "/a file has somebody else's content, which is kept as /a file.before-kubeforge")
            #expect(file.copy == "mine\n")
            #expect(try directory.mode("a file.before-kubeforge") == 0o640)
            try directory.write("a file", "edited\n", mode: 0o644)
            #expect(
                try await file.make("two")[0]
                    == """
                    /a file was changed by somebody else, and is rewritten (/a file.before-kubeforge is the \
                    original)
                    """
            )
            #expect(file.copy == "mine\n")
            #expect(file.news == ["what was in /a file is kept as /a file.before-kubeforge"])
            #expect(
                try FileManager.default.contentsOfDirectory(atPath: directory.path).filter {
                    $0.contains(".kubeforge.")
                }
                    == [])
        }
    }

    @Test("is not what kubeforge wrote there, the last time or the time before", arguments: Shell.all)
    func own(shell: String) async throws {
        try await TemporaryDirectory.during { directory in
            let file = try await SharedFile(directory, shell: shell)
            #expect(try await file.make("one") == ["/a file is missing"])
            #expect(try await file.make("two") == ["/a file differs"])
            // Killed between its note and its name.
            try directory.write(
                "bin/mv", "#!/bin/sh\ncase $4 in *'a file') exit 137;; esac\nexec /bin/mv \"$@\"\n", mode: 0o755)
            await #expect(throws: Problem.self) { try await file.make("three") }
            try FileManager.default.removeItem(atPath: directory.path("bin/mv"))
            #expect(try directory.text("a file") == "two")
            #expect(try await file.make("three") == ["/a file differs"])
            #expect(file.copy == nil)
            #expect(file.news == [])
        }
    }

    @Test("is not what its package shipped, and nobody has changed", arguments: Shell.all)
    func shipped(shell: String) async throws {
        for (text, isKept) in [("shipped", false), ("changed", true), ("of another file", true)] {
            try await TemporaryDirectory.during { directory in
                var file = try await SharedFile(directory, shell: shell)
                file.package = "containerd"
                func line(_ name: String, _ text: String) -> String {
                    "echo \" \(directory.path(name)) $(printf %s '\(text)' | md5sum | cut -d ' ' -f 1)\""
                }
                let query =
                    """
                    #!/bin/sh\n[ \"$4 $5\" = '-- containerd' ] && \(line("another", "of another file")) && \
                    \(line("a file", "shipped"))\n
                    """
                try directory.write("bin/dpkg-query", query, mode: 0o755)
                try directory.write("a file", text)
                _ = try await file.make("ours")
                #expect(file.copy == (isKept ? text : nil))
            }
        }
    }

    @Test("may be a link, which is kept as one, even to nothing", arguments: Shell.all)
    func link(shell: String) async throws {
        try await TemporaryDirectory.during { directory in
            let file = try await SharedFile(directory, shell: shell)
            try FileManager.default.createSymbolicLink(
                atPath: directory.path("a file"), withDestinationPath: "/nowhere")
            #expect(try await file.make("ours") == ["/a file is a symlink, not a file"])
            #expect(
                try FileManager.default.destinationOfSymbolicLink(atPath: directory.path("a file.before-kubeforge"))
                    == "/nowhere")
            #expect(try directory.text("a file") == "ours")
        }
    }

    @Test("is kept when the file goes, once, and what kubeforge wrote there is not", arguments: Shell.all)
    func putAway(shell: String) async throws {
        try await TemporaryDirectory.during { directory in
            let file = try await SharedFile(directory, shell: shell)
            func goes() async throws -> String {
                let said = try await file.transport.run(OriginalFile.putAway(directory.path("a file")))
                #expect(said.isSuccess, "\(said.errorText)")
                #expect((try? directory.text("a file")) == nil)
                return said.text
            }
            #expect(try await goes() == "")
            _ = try await file.make("ours")
            #expect(try await goes() == "" && file.copy == nil)
            try directory.write("a file", "mine\n", mode: 0o640)
            #expect(try await goes() == "kept\n" && file.copy == "mine\n")
            #expect(try directory.mode("a file.before-kubeforge") == 0o640)
            try directory.write("a file", "again\n")
            #expect(try await goes() == "" && file.copy == "mine\n")
            try FileManager.default.removeItem(atPath: directory.path("a file.before-kubeforge"))
            try FileManager.default.createSymbolicLink(
                atPath: directory.path("a file"), withDestinationPath: "/nowhere")
            #expect(try await goes() == "kept\n")
            #expect(
                try FileManager.default.destinationOfSymbolicLink(atPath: directory.path("a file.before-kubeforge"))
                    == "/nowhere")
        }
    }

    @Test("is told when the file goes")
    func told() async throws {
        let news = Mutex<[String]>([])
        let machine = Machine(
            host: Example.host(), transport: ScriptedTransport { _ in Output("kept\n") },
            onNews: { told in if case .detail(let detail) = told { news.withLock { $0.append(detail.text) } } })
        try await machine.remove("/etc/x")
        #expect(news.withLock { $0 } == ["/etc/x is kept as /etc/x.before-kubeforge"])
    }

    @Test("is looked for in /etc alone: the other places are kubeforge's")
    func places() {
        #expect(RemoteFile("/etc/hosts", "").isShared)
        #expect(!RemoteFile("/etc/kubernetes/manifests/a.yaml", "").isShared)
        #expect(!RemoteFile("/var/lib/kubeforge/manifests/a.yaml", "").isShared)
        #expect(
            FileIs(RemoteFile("/var/lib/kubeforge/x", "a")).texts([
                .file("/var/lib/kubeforge/x"): .file(FileState(sha256: "b"))
            ]) == [
                "/var/lib/kubeforge/x differs"
            ])
    }
}

@Suite("A file's name")
struct PlacedFileTests {
    @Test("is given when its bytes are on the disk, and is there itself before anything goes on", arguments: Shell.all)
    func order(shell: String) async throws {
        try await TemporaryDirectory.during { directory in
            for name in ["sync", "mv"] { try directory.write(name, "#!/bin/sh\necho \(name) \"$@\"\n", mode: 0o755) }
            try FileManager.default.createDirectory(atPath: directory.path("new"), withIntermediateDirectories: true)
            func said(_ new: String, _ path: String) async throws -> String {
                let script = ShellFunction.place + "\nset -eu; place \"$@\""
                let words = [Word("sh"), "-c", Word(script), "sh", Word(new), Word(path)]
                return try await LocalTransport(shell: shell, programs: directory.path).run(Command(words)).text
            }
            #expect(try await said("/a/x.new", "/a/x") == "sync -- /a/x.new\nmv -fT -- /a/x.new /a/x\nsync -- /a/\n")
            let new = directory.path("new")
            #expect(try await said(new, "place") == "sync -f -- \(new)\nmv -fT -- \(new) place\nsync -- .\n")
        }
    }

    @Test("is not given when its bytes cannot be brought to the disk", arguments: Shell.all)
    func failure(shell: String) async throws {
        try await TemporaryDirectory.during { directory in
            try directory.write(
                "sync", "#!/bin/sh\necho 'sync: error syncing: Input/output error' >&2; exit 1\n", mode: 0o755)
            let path = try directory.write("file", "old")
            let owner = try await LocalProgram.run("stat", ["-c", "%U:%G", path]).trimming(while: \.isNewline)
            let output = try await LocalTransport(shell: shell, programs: directory.path).run(
                RemoteFile(path, "new", owner: owner).write)
            #expect(output.exit == .code(1))
            #expect(output.lastLine == "sync: error syncing: Input/output error")
            #expect(try directory.text("file") == "old")
        }
    }
}
