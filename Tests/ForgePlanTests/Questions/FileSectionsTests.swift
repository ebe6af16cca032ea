import ForgeCore
import ForgePlan
import ForgeTestSupport
import Foundation
import Glibc
import Testing

@Suite("A question about a file")
struct FileQuestionTests {
    @Test(
        "finds kind, mode, size, owner and digest of files with any name", arguments: Shell.all,
        ["plain", "it's", "a b", "$(touch x)`id`", "*", "back\\slash", "two\nlines", "\"", "ä"])
    func regular(shell: String, name: String) async throws {
        try await TemporaryDirectory.during { directory in
            let path = try directory.write(name, "hello\n", mode: 0o640)
            let state = try #require(await LocalTransport(shell: shell).look(.file(path)).file(path))
            #expect(state.kind == .regular)
            #expect(state.mode == 0o640)
            #expect(state.size == 6)
            #expect(state.sha256 == SHA256.hex("hello\n"))
            #expect(state.modified > 1_600_000_000)
            #expect(state.owner.contains(":"))
        }
    }

    @Test("takes a name with a dash in front as a name", arguments: Shell.all)
    func leadingDash(shell: String) async throws {
        let answers = try await LocalTransport(shell: shell).look(
            .file("-rf"), .contents("--help"), .file("/etc/passwd"))
        #expect(answers.file("-rf") == nil)
        #expect(answers.contents("--help") == nil)
        #expect(answers.file("/etc/passwd")?.kind == .regular)
    }

    @Test("tells files, directories, links and what is missing apart, all in one look", arguments: Shell.all)
    func kinds(shell: String) async throws {
        try await TemporaryDirectory.during { directory in
            let file = try directory.write("file", "")
            try await LocalProgram.run("ln", ["-s", "nowhere", directory.path("dangling")])
            try await LocalProgram.run("ln", ["-s", file, directory.path("link")])
            let paths = [
                directory.path("missing"), directory.path("link"), directory.path, directory.path("dangling"),
                "/dev/null", file,
                directory.path("file/below"),
            ]
            let answers = try await LocalTransport(shell: shell).ask(paths.map(Question.file), of: Example.host())
            #expect(
                paths.map { answers.file($0)?.kind } == [nil, .symlink, .directory, .symlink, .other, .regular, nil])
            #expect(paths.map { answers.file($0)?.sha256 } == [nil, nil, nil, nil, nil, SHA256.hex(""), nil])
        }
    }

    /// A file that nobody may read is read by root.
    @Test("gives modes beyond the nine bits", arguments: [0o4755, 0o1777] + (geteuid() == 0 ? [0o000] : []))
    func modes(mode: Int) async throws {
        try await TemporaryDirectory.during { directory in
            let path = try directory.write("file", "x", mode: mode)
            #expect(try await LocalTransport().look(.file(path)).file(path)?.mode == UInt16(mode))
        }
    }
}

@Suite("A question about contents")
struct ContentsQuestionTests {
    @Test(
        "gives every byte of a text file", arguments: Shell.all,
        ["", "\n", "one", "one\n", "one\n\n\n", "\n\nx", "ä €\r\n", "3 4\n", "x"])
    func text(shell: String, text: String) async throws {
        try await TemporaryDirectory.during { directory in
            let path = try directory.write("file", text)
            #expect(try await LocalTransport(shell: shell).look(.contents(path)).text(path) == text)
        }
    }

    @Test("gives bytes that are no UTF-8", arguments: Shell.all)
    func latin1(shell: String) async throws {
        try await TemporaryDirectory.during { directory in
            let path = directory.path("latin1")
            try Data([0x68, 0xe4, 0xff, 0x0a]).write(to: URL(filePath: path))
            #expect(
                try await LocalTransport(shell: shell).look(.contents(path)).contents(path) == [0x68, 0xe4, 0xff, 0x0a])
        }
    }

    /// No shell can hold a NUL; what matters is that the answers after it are not disturbed.
    @Test("loses a NUL, and nothing else", arguments: Shell.all)
    func nul(shell: String) async throws {
        try await TemporaryDirectory.during { directory in
            let path = directory.path("nul")
            try Data([0x61, 0, 0x62]).write(to: URL(filePath: path))
            let answers = try await LocalTransport(shell: shell).look(
                .contents(path), .contents("/proc/sys/kernel/ostype"))
            #expect(answers.text(path) == "ab")
            #expect(answers.text("/proc/sys/kernel/ostype") == "Linux\n")
        }
    }

    @Test("ends at 1 MiB")
    func bounded() async throws {
        try await TemporaryDirectory.during { directory in
            let path = try directory.write("large", String(repeating: "0123456789abcde\n", count: 70_000))
            #expect(try await LocalTransport().look(.contents(path)).contents(path)?.count == 1 << 20)
        }
    }

    @Test("of a directory or of nothing has no answer", arguments: ["/", "/nowhere"])
    func nothing(path: String) async throws {
        #expect(try await LocalTransport().look(.contents(path)).contents(path) == nil)
    }
}
