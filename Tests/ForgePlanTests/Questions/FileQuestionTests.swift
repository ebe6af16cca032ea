import ForgeCore
import ForgePlan
import ForgeTestSupport
import Glibc
import Testing

@Suite("A question about a file")
struct FileQuestionTests {
    @Test(
        "finds kind, mode, size, owner and digest of files with any name", arguments: Shell.all,
        ["plain", "it's", "a b", "$(touch x)`id`", "*", "back\\slash", "two\nlines", "\"", "ä"])
    func regular(shell: String, name: String) async throws {
        try await TemporaryFolder.during { folder in
            let path = try folder.write(name, "hello\n", mode: 0o640)
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

    @Test("tells files, folders, links and what is missing apart, all in one look", arguments: Shell.all)
    func kinds(shell: String) async throws {
        try await TemporaryFolder.during { folder in
            let file = try folder.write("file", "")
            try await LocalProgram.run("ln", ["-s", "nowhere", folder.path("dangling")])
            try await LocalProgram.run("ln", ["-s", file, folder.path("link")])
            let paths = [
                folder.path("missing"), folder.path("link"), folder.path, folder.path("dangling"), "/dev/null", file,
                folder.path("file/below"),
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
        try await TemporaryFolder.during { folder in
            let path = try folder.write("file", "x", mode: mode)
            #expect(try await LocalTransport().look(.file(path)).file(path)?.mode == UInt16(mode))
        }
    }
}
