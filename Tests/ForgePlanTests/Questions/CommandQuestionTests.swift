import ForgeCore
import ForgePlan
import ForgeTestSupport
import Foundation
import Testing

@Suite("A question that is a command")
struct CommandQuestionTests {
    @Test("gives exit code and output, without the newlines at its end", arguments: Shell.all)
    func several(shell: String) async throws {
        let texts = [
            "echo one", "printf two", "echo three; exit 3", "exit 7", "false", "printf 'a\\n\\nb\\n\\n'",
            "echo \"it's $((1+1)) \\$x\"",
        ]
        let answers = try await LocalTransport(shell: shell).ask(texts.map(Question.command), of: Example.host())
        #expect(texts.map { answers.command($0).text } == ["one", "two", "three", "", "", "a\n\nb", "it's 2 $x"])
        #expect(texts.map { answers.command($0).exitCode } == [0, 0, 3, 7, 1, 0, 0])
    }

    @Test("is the same when it is the only one", arguments: Shell.all)
    func single(shell: String) async throws {
        let answers = try await LocalTransport(shell: shell).look(.command("echo three; echo loud >&2; exit 3"))
        #expect(answers.command("echo three; echo loud >&2; exit 3") == CommandState(exitCode: 3, text: "three"))
    }

    @Test("reads nothing of the script that asks it", arguments: Shell.all)
    func readsNothing(shell: String) async throws {
        let answers = try await LocalTransport(shell: shell).look(
            .command("cat; echo end"), .command("cat"), .module("overlay"))
        #expect(answers.command("cat; echo end").text == "end")
        #expect(answers.command("cat") == CommandState())
    }

    @Test("may print megabytes", arguments: Shell.all)
    func large(shell: String) async throws {
        let text = "i=0; while [ $i -lt 2000 ]; do printf '%01000d\\n' $i; i=$((i+1)); done"
        let answers = try await LocalTransport(shell: shell).look(.command(text), .command("echo after"))
        #expect(answers.command(text).text.utf8.count == 2000 * 1001 - 1)
        #expect(answers.command("echo after").text == "after")
    }

    @Test("that dies by a signal failed", arguments: Shell.all)
    func killed(shell: String) async throws {
        let answers = try await LocalTransport(shell: shell).look(.command("kill -9 $$"), .command("echo after"))
        #expect(answers.command("kill -9 $$").exitCode == 137)
        #expect(answers.command("echo after").text == "after")
    }

    @Test("waits for no other: four run at once")
    func atOnce() async throws {
        try await TemporaryFolder.during { folder in
            try await LocalProgram.run("mkfifo", [folder.path("a"), folder.path("b")])
            // Each opens a pipe that the other must open, too: one after the other would wait for ever.
            let texts = [
                "echo x > \(folder.path("a")); read y < \(folder.path("b")); echo $y",
                "read y < \(folder.path("a")); echo $y; echo z > \(folder.path("b"))",
            ]
            let answers = try await LocalTransport().ask(texts.map(Question.command), of: Example.host())
            #expect(texts.map { answers.command($0).text } == ["z", "x"])
        }
    }

    @Test("leaves nothing behind", arguments: Shell.all)
    func leavesNothing(shell: String) async throws {
        let look = "readlink /proc/self/fd/1"
        let path = try await LocalTransport(shell: shell).look(.command(look), .command("true")).command(look).text
        #expect(path.contains("/kubeforge.") || path.contains("/tmp."))
        #expect(!FileManager.default.fileExists(atPath: (path as NSString).deletingLastPathComponent))
    }
}
