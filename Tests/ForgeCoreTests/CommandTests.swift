import ForgeCore
import ForgeTestSupport
import Foundation
import Testing

@Suite("A command")
struct CommandTests {
    private static let environment =
        "env -u http_proxy -u HTTP_PROXY -u https_proxy -u HTTPS_PROXY -u all_proxy -u ALL_PROXY -u no_proxy "
        + "-u NO_PROXY -u KUBECONFIG -u KUBECTL_KUBERC -u DOCKER_TLS -u DOCKER_TLS_VERIFY -u DOCKER_DEFAULT_PLATFORM "
        + "-u BUILDX_BUILDER -u CONTAINERD_ADDRESS -u CONTAINERD_SNAPSHOTTER -u TAR_OPTIONS -u POSIXLY_CORRECT "
        + "LC_ALL=C TZ=UTC PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin KUBERC=off "
        + "DOCKER_HOST=unix:///var/run/docker.sock "

    /// Words of programs are read in one language, and a question and a command find the same programs, whoever logs
    /// in.
    @Test("runs in one environment, whatever the login's is")
    func environment() async throws {
        let line = Command("sh", "-c", "echo \"$LC_ALL $TZ $PATH\"").remoteLine(user: "root")
        let said = try await LocalProgram.run(
            "sh", ["-c", line], environment: ["LC_ALL": "de_DE.UTF-8", "TZ": "Asia/Tokyo", "PATH": "/bin"])
        #expect(said == "C UTC /usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n")
    }

    /// Which /etc/environment gives to every login, and sudo's `env_keep` to root.
    @Test("goes through no proxy of the login's, and through the inventory's")
    func proxy() async throws {
        let names = ["http_proxy", "HTTPS_PROXY", "all_proxy", "no_proxy", "NO_PROXY"]
        let login = Dictionary(uniqueKeysWithValues: names.map { ($0, "http://login:3128") })
        func said(_ command: Command) async throws -> String {
            try await LocalProgram.run("sh", ["-c", command.remoteLine(user: "root")], environment: login)
        }
        let command = Command("sh", "-c", "env | grep -i _proxy= | LC_ALL=C sort")
        #expect(try await said(command) == "")
        #expect(
            try await said(command.through(Proxy(https: "http://p:3128", exceptions: ["a"])))
                == "HTTPS_PROXY=http://p:3128\nNO_PROXY=a\nhttps_proxy=http://p:3128\nno_proxy=a\n")
    }

    /// Which rootless Docker's documentation has in ~/.bashrc, and others in /etc/environment.
    @Test("asks the host's own cluster and Docker, and does what its words say, whatever the login's environment names")
    func stray() async throws {
        let names = [
            "KUBECONFIG", "KUBERC", "DOCKER_HOST", "DOCKER_TLS_VERIFY", "CONTAINERD_ADDRESS", "TAR_OPTIONS",
            "POSIXLY_CORRECT",
        ]
        let login = Dictionary(uniqueKeysWithValues: names.map { ($0, "/other") })
        var command = Command("sh", "-c", Word("env | grep -E '^(\(names.joined(separator: "|")))=' | LC_ALL=C sort"))
        for seesLoginProxy in [false, true] {
            command.seesLoginProxy = seesLoginProxy
            let said = try await LocalProgram.run(
                "sh", ["-c", command.remoteLine(user: "root")], environment: login)
            #expect(said == "DOCKER_HOST=unix:///var/run/docker.sock\nKUBERC=off\n")
        }
    }

    @Test("reads as one line, quoted once")
    func readsAsLine() {
        let command = Command("apt-get", "install", "-y", "kubeadm=1.36.2-*").asRoot()
        #expect(command.line == "apt-get install -y 'kubeadm=1.36.2-*'")
    }

    @Test("runs with its time limit, and through sudo for root where somebody else logs in")
    func runsThroughSudo() {
        let command = Command("id", "-un").within(.seconds(5))
        let own = Self.environment + "timeout --kill-after=10 5 id -un"
        #expect(command.remoteLine(user: "ubuntu") == own)
        #expect(command.asRoot().remoteLine(user: "ubuntu") == "env LC_ALL=C sudo -n -- " + own)
        #expect(command.asRoot().remoteLine(user: "root") == own)
        #expect(command.asRoot().within(.seconds(9)).longest == .seconds(9), "it waits for no turn")
    }

    @Test(
        "with a limit below a second has still one: 0 would be none at all",
        arguments: [(0, 1), (1, 1), (1000, 1), (1001, 2)])
    func shortLimit(milliseconds: Int, seconds: Int) {
        let line = Command("true").within(.milliseconds(milliseconds)).remoteLine(user: "root")
        #expect(line == Self.environment + "timeout --kill-after=10 \(seconds) true")
    }

    @Test("that takes too long is ended with exit code 124")
    func isEnded() throws {
        #expect(try LocalShell.run(Command("sleep", "60").within(.seconds(1))).exit == .code(124))
    }

    @Test("reads its input", arguments: [Command.Input.bytes([0, 255, 10]), .secret([0, 255, 10])])
    func readsInput(input: Command.Input) throws {
        #expect(try LocalShell.run(Command("cat").reading(input)).standardOutput == [0, 255, 10])
    }

    @Test("that is a script is read to its end before it runs, so that no program in it can eat the rest")
    func scriptIsReadFirst() throws {
        // Longer than what a shell reads at once.
        let rest = String(repeating: "# a comment of some length\n", count: 1000)
        #expect(try LocalShell.run(.script("cat\n\(rest)echo after")).text == "after\n")
    }

    @Test(
        "that is a script ends with the exit code of its last line",
        arguments: [("true", 0), ("false", 1), ("exit 7", 7), ("(exit 3)", 3)])
    func scriptEnds(text: String, code: Int) throws {
        #expect(try LocalShell.run(.script(text)).exit == .code(code))
    }

    @Test("is told by its first line, and by no more of that than a message can take")
    func summary() {
        #expect(Command("echo", "a b").summary == "echo 'a b'")
        #expect(Command("sh", "-c", "one\ntwo\nthree").summary == "sh -c 'one …")
        let (most, more) = (String(repeating: "x", count: 200), String(repeating: "x", count: 201))
        #expect(Command([Word(most)]).summary == most)
        #expect(Command([Word(more)]).summary == most + " …")
    }

    @Test("fills a file of this computer with 16 GiB at most, where no other limit is given")
    func fileLimit() {
        #expect(Command("cat").fileLimit == 17_179_869_184)
        #expect(Command("cat").writing(toFile: "/tmp/x").fileLimit == 17_179_869_184)
        #expect(Command("cat").writing(toFile: "/tmp/x", atMost: 5).fileLimit == 5)
    }

    @Test("is a value: changing a copy leaves the original")
    func isValue() {
        let command = Command("true")
        _ = command.asRoot().reading("x").within(.seconds(1)).writing(toFile: "/tmp/x")
        #expect(command == Command("true"))
    }
}

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
