import ForgeCore
import ForgeTestSupport
import Testing

@Suite("A command")
struct CommandTests {
    private static let environment =
        "env -u http_proxy -u HTTP_PROXY -u https_proxy -u HTTPS_PROXY -u all_proxy -u ALL_PROXY -u no_proxy "
        + "-u NO_PROXY LC_ALL=C TZ=UTC PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "

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

    @Test("is a value: changing a copy leaves the original")
    func isValue() {
        let command = Command("true")
        _ = command.asRoot().reading("x").within(.seconds(1)).writing(toFile: "/tmp/x")
        #expect(command == Command("true"))
    }
}
