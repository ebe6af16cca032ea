import ForgeCore
import ForgeTestSupport
import Foundation
import Testing

@Suite("A word")
struct WordTests {
    private static let texts = [
        "", " ", "plain", "two words", "it's", "''", "'", "\"quoted\"", "$(touch /tmp/kubeforge-was-here)", "`id`",
        "$HOME", "${x:-y}",
        "a\nb", "\n",
        "ends with\n", "\t", "-rf", "--", "-n", "~", "~root", "*", "/*", "[a-z]", "{a,b}", "!", "!!", "#", "a#b", "a;b",
        "a&b", "a|b", "<",
        ">", "(", ")",
        "\\", "\\n", "a\\", "%s", "A=b", "=ls", "ü", "日本語", "👩‍🔬", "e\u{301}", "\u{7f}", "\u{1b}[2J", "\r\n",
        ":/@%+,.-_=",
        String(repeating: "'x", count: 99),
    ]

    @Test("comes out of a real shell exactly as it went in, as one argument", arguments: texts)
    func survives(text: String) throws {
        #expect(try LocalShell.run(Command("printf", "%s\\0", Word(text))).standardOutput == Array(text.utf8) + [0])
    }

    @Test("stays apart from its neighbours")
    func staysApart() throws {
        let output = try LocalShell.run(Command([Word("printf"), "%s\\0"] + Self.texts.map { Word($0) }))
        #expect(
            output.standardOutput.split(separator: 0, omittingEmptySubsequences: false).dropLast().map(Array.init)
                == Self.texts.map { Array($0.utf8) })
    }

    @Test("can name a file whatever it is called", arguments: ["-rf", "it's", "$(id)", "a\nb", "ü", "a b"])
    func namesFiles(name: String) throws {
        let script = "cd \"$(mktemp -d)\" && : > ./\(name.shellQuoted) && printf '%s\\0' * && rm -r -- \"$PWD\""
        #expect(try LocalShell.run(.script(script)).standardOutput == Array(name.utf8) + [0])
    }

    @Test(
        "is quoted only when it must be",
        arguments: [
            ("plain", "plain"), ("a/b-c_d.e:f=g@h%i+j,k", "a/b-c_d.e:f=g@h%i+j,k"), ("", "''"), ("a b", "'a b'"),
            ("it's", "'it'\\''s'"),
            ("kubeadm=1.36.2-*", "'kubeadm=1.36.2-*'"), ("~", "'~'"), ("=ls", "'=ls'"),
        ])
    func isQuoted(text: String, quoted: String) { #expect(Word(text).quoted == quoted) }
}

/// The line meets the login shell, which may be none of POSIX.
@Suite("A command's line")
struct LoginShellTests {
    /// Those of this computer; /bin/sh is always there.
    private static let shells = ["/bin/sh", "/bin/bash", "/usr/bin/zsh", "/usr/bin/fish", "/bin/tcsh", "/bin/ksh"]
        .filter {
            FileManager.default.isExecutableFile(atPath: $0)
        }
    private static let texts = [
        "", "it's", "'", "\\", "a\\", "\\\\", "\\'", "a\\nb", "a\nb", "\n", "\r\n", "!", "!!", "a!b", "$HOME", "$(id)",
        "`id`", "~", "*",
        "{a,b}",
        "(id)", "a;b", "#", "=ls", "%1", "^a^b", "\t", "ü", "\u{1b}[2J", "-n", "a b", "\"", "@", "a=b", "?", "[a]",
        "<x", "|", "&",
    ]

    @Test("is read alike by every login shell", arguments: shells)
    func alike(shell: String) async throws {
        let line = Command([Word("printf"), "%s\\0"] + Self.texts.map { Word($0) }).remoteLine(user: "root")
        #expect(try await LocalProgram.run("env", [shell, "-c", line]) == Self.texts.map { $0 + "\0" }.joined())
        for text in Self.texts {
            let line = Command("printf", "%s", Word(text)).remoteLine(user: "root")
            #expect(try await LocalProgram.run("env", [shell, "-c", line]) == text, "\(text.debugDescription)")
        }
    }

    @Test("is put as it stands where all shells read it alike, and in plain words where not")
    func plain() {
        #expect(Command("echo", "$(id) it").remoteLine(user: "root").hasSuffix(" echo '$(id) it'"))
        for text in ["a\nb", "a\\", "!", "it's"] {
            let line = Command("echo", Word(text)).remoteLine(user: "root")
            #expect(
                line.contains(#/^exec sh -c 'eval "\$\(printf %s "\$0" \| base64 -d\)"' [A-Za-z0-9+\/=]+$/#), "\(line)")
        }
    }

    @Test("becomes the command, so that no shell stands between it and its signals")
    func becomes() async throws {
        let line = Command("sh", "-c", "printf '%s\\n' \"$PPID\"").within(.seconds(9)).remoteLine(user: "root")
        let said = try await LocalProgram.run("sh", ["-c", "echo $$; exec sh -c \"$1\"", "sh", line])
        // timeout is the one process between.
        let lines = said.split(separator: "\n")
        #expect(lines.count == 2 && lines[0] == lines[1])
    }
}
