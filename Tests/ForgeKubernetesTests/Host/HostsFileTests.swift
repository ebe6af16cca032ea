import ForgeCore
import ForgePlan
import ForgeTestSupport
import Testing

@testable import ForgeKubernetes

@Suite("/etc/hosts")
struct HostsFileTests {
    let step = HostsFile([Example.master, Example.node])
    static let block = "# BEGIN kubeforge\n10.77.0.11 kubmaster\n10.77.0.12 kubnode\n# END kubeforge\n"
    static let names = "10.77.0.11      STREAM kubmaster\n10.77.0.12      STREAM kubnode"
    static let template = "/etc/cloud/templates/hosts.debian.tmpl"
    static let setting = "/etc/cloud/cloud.cfg.d/99-kubeforge-hosts.cfg"

    /// `written`: the digests of what kubeforge wrote as /etc/hosts.
    func texts(
        _ file: String?, names: String = Self.names, template: String? = nil, setting: String? = nil,
        written: [String] = []
    ) throws -> [String] {
        func contents(_ text: String?) -> Answer { .contents(text.map { Array($0.utf8) }) }
        func state(_ text: String?, _ written: [String] = []) -> Answer {
            .file(text.map { FileState(size: $0.utf8.count, sha256: SHA256.hex($0), written: written) })
        }
        return step.texts([
            .contents("/etc/hosts"): contents(file), .contents(Self.template): contents(template),
            .file("/etc/hosts"): state(file, written), .file(Self.template): state(template),
            .contents(Self.setting): contents(setting),
            try #require(step.questions.last): .command(CommandState(text: names)),
        ])
    }

    /// Answers of a machine whose /etc/hosts has these bytes. `note`: the line of what kubeforge wrote there.
    func machine(_ hosts: [UInt8], note: String = "") -> (Machine, ScriptedTransport) {
        let transport = ScriptedTransport { command in
            guard command.isLook else { return Output() }
            guard command.inputText.contains("hosts.debian.tmpl") else { return Output(frame(Self.names)) }
            let file =
                frame(" 0") + frame(" 0") + frame("regular file|644|root:root|\(hosts.count)|1")
                + frame("\(SHA256.hex(hosts))  /etc/hosts" + note)
                + "0 \(hosts.count)\n"
            let rest = "\n" + frame("", code: 1) + frame("", code: 1) + frame(Self.names)
            return Output(standardOutput: Array(file.utf8) + hosts + Array(rest.utf8))
        }
        return (Machine(host: Example.node, transport: transport), transport)
    }

    @Test("names the machines that are missing, and lines that mean another address")
    func differences() throws {
        #expect(try texts(Self.block) == [])
        #expect(try texts(nil) == ["missing: kubmaster, kubnode"])
        #expect(try texts("10.77.0.11 kubmaster\n") == ["missing: kubnode"])
        #expect(
            try texts(Self.block + "192.168.1.5 kubnode\n") == ["another address for a host: 192.168.1.5 kubnode"])
        #expect(try texts(Self.block + "\n") == ["kubeforge's block is out of date"])
    }

    /// `files` may not be the first in nsswitch.conf, or a name server says something else, too.
    @Test("is asked for what a program gets that looks a name up")
    func effect() throws {
        let other = "192.168.1.5     STREAM kubmaster\n10.77.0.11      STREAM \n10.77.0.12      STREAM kubnode"
        #expect(try texts(Self.block, names: other) == ["kubmaster means: 192.168.1.5, 10.77.0.11 → 10.77.0.11"])
        #expect(
            try texts(Self.block, names: "10.77.0.11      STREAM kubmaster") == ["kubnode means: nothing → 10.77.0.12"])
        // As glibc prints it where /etc/hosts has `10.77.0.11 kubmaster.example.com kubmaster` above the block.
        let full =
            "10.77.0.11      STREAM kubmaster.example.com\n10.77.0.11      STREAM \n10.77.0.12      STREAM kubnode"
        #expect(try texts(Self.block, names: full) == [])
    }

    @Test("is looked up by getent, once for all names, and only where our block is", arguments: ["dash", "bash"])
    func look(shell: String) async throws {
        try await TemporaryDirectory.during { directory in
            try directory.write(
                "getent", "#!/bin/sh\necho \"10.77.0.11      STREAM $*\"; echo '10.77.0.11      DGRAM  '\n", mode: 0o755
            )
            try directory.write(
                "grep",
                "#!/bin/sh\ncase $1 in -qxF) exit $(cat \(directory.path)/code);; esac\nexec /bin/grep \"$@\"\n",
                mode: 0o755)
            let look = try #require(step.questions.last?.shell)
            for (code, expected) in [("0", "10.77.0.11      STREAM ahostsv4 kubmaster kubnode\n"), ("1", "")] {
                try directory.write("code", code)
                let said = try await LocalProgram.run(
                    "env", ["PATH=\(directory.path):/usr/bin:/bin", "/bin/\(shell)", "-c", look + " || true"])
                #expect(said == expected)
            }
        }
    }

    @Test("is written from what is there at that moment")
    func apply() async throws {
        let (machine, transport) = machine(Array("127.0.0.1 localhost\n".utf8))
        try await step.apply(to: machine)
        let changes = await transport.commands.filter { !$0.isLook }
        #expect(changes == [RemoteFile("/etc/hosts", "127.0.0.1 localhost\n" + Self.block).write])
    }

    /// What the file has by then is what getent found it in.
    @Test(
        "whose names still mean something else is blamed with its line, and nsswitch.conf only without one",
        arguments: [
            (
                "127.0.0.1 localhost\n" + block + "::1 kubmaster\n",
                "line 6 of /etc/hosts is `::1 kubmaster`: something adds it again",
                """
                take kubmaster out of line 6 of /etc/hosts on kubnode, and see to it that nothing writes it there again
                """
            ),
            (
                block + "::1 kubmaster\n192.168.1.5 kubnode\n",
                """
                line 5 of /etc/hosts is `::1 kubmaster`: something adds it again
                line 6 of /etc/hosts is `192.168.1.5 kubnode`: something adds it again
                """,
                """
                take kubmaster out of line 5 of /etc/hosts on kubnode, and see to it that nothing writes it there again
                """
            ),
            (
                "2001:db8::5 kubmaster\n" + block, nil,
                """
                `files` must come first in the line `hosts:` of /etc/nsswitch.conf: `getent ahostsv4 kubmaster` on \
                kubnode
                """
            ),
        ])
    func stillWrong(now: String, line: String?, fix: String) async throws {
        let wrong = "127.0.0.1       STREAM kubmaster\n10.77.0.12      STREAM kubnode"
        let transport = ScriptedTransport { command in
            guard command.isLook else { return Output() }
            if !command.inputText.contains("head -c") { return Output(frame(wrong)) }
            let file =
                frame(" 0") + frame(" 0") + frame("regular file|644|root:root|\(now.utf8.count)|1")
                + frame("\(SHA256.hex(now))  /etc/hosts") + frame(now)
            let isFirst = command.inputText.contains("hosts.debian.tmpl")
            return Output(file + (isFirst ? frame("", code: 1) + frame("", code: 1) + frame(wrong) : ""))
        }
        let machine = Machine(host: Example.node, transport: transport)
        let problem = await #expect(throws: Problem.self) { try await step.apply(to: machine) }
        let means = "kubmaster means: 127.0.0.1 → 10.77.0.11"
        #expect(problem?.why == [means, line].compactMap { $0 }.joined(separator: "\n"))
        #expect(problem?.fix == fix)
    }
}
