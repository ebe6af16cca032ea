import ForgeCore
import Testing

@Suite("A word")
struct WordTests {
    private static let texts = [
        "", " ", "plain", "two words", "it's", "''", "'", "\"quoted\"", "$(touch /tmp/kubeforge-was-here)", "`id`", "$HOME", "${x:-y}",
        "a\nb", "\n",
        "ends with\n", "\t", "-rf", "--", "-n", "~", "~root", "*", "/*", "[a-z]", "{a,b}", "!", "!!", "#", "a#b", "a;b", "a&b", "a|b", "<",
        ">", "(", ")",
        "\\", "\\n", "a\\", "%s", "A=b", "=ls", "ü", "日本語", "👩‍🔬", "e\u{301}", "\u{7f}", "\u{1b}[2J", "\r\n", ":/@%+,.-_=",
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
            ("plain", "plain"), ("a/b-c_d.e:f=g@h%i+j,k", "a/b-c_d.e:f=g@h%i+j,k"), ("", "''"), ("a b", "'a b'"), ("it's", "'it'\\''s'"),
            ("kubeadm=1.36.2-*", "'kubeadm=1.36.2-*'"), ("~", "'~'"),
        ])
    func isQuoted(text: String, quoted: String) { #expect(Word(text).quoted == quoted) }
}
