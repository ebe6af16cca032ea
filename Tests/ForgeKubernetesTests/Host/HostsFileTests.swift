import ForgeCore
import ForgePlan
import ForgeTestSupport
import Testing

@testable import ForgeKubernetes

@Suite("/etc/hosts")
struct HostsFileTests {
    private let step = HostsFile([Example.master, Example.node])
    private static let block = "# BEGIN kubeforge\n10.77.0.11 kubmaster\n10.77.0.12 kubnode\n# END kubeforge\n"
    private static let names = "10.77.0.11      STREAM kubmaster\n10.77.0.12      STREAM kubnode"
    private static let template = "/etc/cloud/templates/hosts.debian.tmpl"
    private static let setting = "/etc/cloud/cloud.cfg.d/99-kubeforge-hosts.cfg"

    private func wanted(_ now: String) -> String { HostsBlock([Example.master, Example.node]).wanted(now) }

    @Test(
        "keeps the lines of others, and has our block once, at its end",
        arguments: [
            ("", ""), ("127.0.0.1 localhost\n", "127.0.0.1 localhost\n"), ("127.0.0.1 localhost\n\n\n", "127.0.0.1 localhost\n"),
            ("127.0.0.1 localhost", "127.0.0.1 localhost\n"), ("# mine\n10.9.9.9 printer\n" + block, "# mine\n10.9.9.9 printer\n"),
            ("# BEGIN kubeforge\n10.77.0.99 kubmaster\n# END kubeforge\n10.9.9.9 printer\n", "10.9.9.9 printer\n"),
        ])
    func others(now: String, others: String) {
        #expect(wanted(now) == others + Self.block)
        #expect(wanted(wanted(now)) == wanted(now))
    }

    @Test(
        "loses what gives a machine's name another address, and nothing else of such a line",
        arguments: [
            ("127.0.1.1\tkubmaster\n", ""), ("127.0.1.1 kubmaster.example.com kubmaster\n", ""), ("127.0.1.1 other\n", "127.0.1.1 other\n"),
            ("127.0.0.1 localhost kubmaster\n", "127.0.0.1 localhost\n"),
            ("127.0.1.1 other # kubmaster\n", "127.0.1.1 other # kubmaster\n"), ("127.0.1.1 kubmaster2\n", "127.0.1.1 kubmaster2\n"),
            ("192.168.1.5 kubnode\n", ""), ("192.168.1.5  printer kubnode # the old rack\n", "192.168.1.5 printer # the old rack\n"),
            ("10.77.0.12 kubnode kubnode.example.com\n", "10.77.0.12 kubnode kubnode.example.com\n"),
            ("::1 localhost ip6-localhost\n", "::1 localhost ip6-localhost\n"), ("2001:db8::5 kubnode\n", "2001:db8::5 kubnode\n"),
        ])
    func claims(now: String, others: String) {
        #expect(wanted(now) == others + Self.block)
    }

    private func texts(_ file: String?, names: String = Self.names, template: String? = nil, setting: String? = nil) throws -> [String] {
        func contents(_ text: String?) -> Answer { .contents(text.map { Array($0.utf8) }) }
        return step.texts([
            .contents("/etc/hosts"): contents(file), .contents(Self.template): contents(template),
            .contents(Self.setting): contents(setting),
            try #require(step.questions.last): .command(CommandState(text: names)),
        ])
    }

    @Test("names the machines that are missing, and lines that mean another address")
    func differences() throws {
        #expect(try texts(Self.block) == [])
        #expect(try texts(nil) == ["missing: kubmaster, kubnode"])
        #expect(try texts("10.77.0.11 kubmaster\n") == ["missing: kubnode"])
        #expect(try texts(Self.block + "192.168.1.5 kubnode\n") == ["another address for a machine: 192.168.1.5 kubnode"])
        #expect(try texts(Self.block + "\n") == ["its block is not as it shall be"])
    }

    /// `files` may not be the first in nsswitch.conf, or a name server says something else, too.
    @Test("is asked for what a program gets that looks a name up")
    func effect() throws {
        let other = "192.168.1.5     STREAM kubmaster\n10.77.0.11      STREAM \n10.77.0.12      STREAM kubnode"
        #expect(try texts(Self.block, names: other) == ["kubmaster means: 192.168.1.5, 10.77.0.11 → 10.77.0.11"])
        #expect(try texts(Self.block, names: "10.77.0.11      STREAM kubmaster") == ["kubnode means: nothing → 10.77.0.12"])
        // As glibc prints it where /etc/hosts has `10.77.0.11 kubmaster.example.com kubmaster` above the block.
        let full = "10.77.0.11      STREAM kubmaster.example.com\n10.77.0.11      STREAM \n10.77.0.12      STREAM kubnode"
        #expect(try texts(Self.block, names: full) == [])
    }

    @Test("is looked up by getent, once for all names, and only where our block is", arguments: ["dash", "bash"])
    func look(shell: String) async throws {
        try await TemporaryFolder.during { folder in
            try folder.write("getent", "#!/bin/sh\necho \"10.77.0.11      STREAM $*\"; echo '10.77.0.11      DGRAM  '\n", mode: 0o755)
            try folder.write(
                "grep", "#!/bin/sh\ncase $1 in -qxF) exit $(cat \(folder.path)/code);; esac\nexec /bin/grep \"$@\"\n", mode: 0o755)
            guard case .command(let look) = try #require(step.questions.last) else { return }
            for (code, expected) in [("0", "10.77.0.11      STREAM ahostsv4 kubmaster kubnode\n"), ("1", "")] {
                try folder.write("code", code)
                let said = try await LocalProgram.run(
                    "env", ["PATH=\(folder.path):/usr/bin:/bin", "/bin/\(shell)", "-c", look + " || true"])
                #expect(said == expected)
            }
        }
    }

    /// cloud-init's own of Debian 12, without its comments.
    private static let cloud = """
        ## template:jinja
        {# The value '{{hostname}}' will be replaced with the local-hostname -#}
        127.0.1.1 {{fqdn}} {{hostname}}
        127.0.0.1 localhost
        ::1 localhost ip6-localhost ip6-loopback

        """

    @Test("survives a cloud-init that renders it anew: the setting and the template are both there")
    func cloudInit() throws {
        #expect(
            try texts(Self.block, template: Self.cloud) == [
                "cloud-init may write /etc/hosts anew at the next boot", "\(Self.template) does not know all machines",
            ])
        let template = HostsBlock([Example.master, Example.node], isTemplate: true).wanted(Self.cloud)
        #expect(template == Self.cloud.replacing("127.0.1.1 {{fqdn}} {{hostname}}\n", with: "") + Self.block)
        #expect(try texts(Self.block, template: template, setting: "manage_etc_hosts: false\n") == [])
        #expect(try texts(Self.block, template: template, setting: "manage_etc_hosts: true\n").count == 1)
    }

    @Test("is written from what is there at that moment, and its original is kept, once")
    func apply() async throws {
        let transport = ScriptedTransport { command in
            guard command.isLook else { return Output() }
            let files = frame("127.0.0.1 localhost\n") + frame("", code: 1) + frame("", code: 1)
            return Output((command.inputText.contains("hosts.debian.tmpl") ? files : "") + frame(Self.names))
        }
        try await step.apply(to: Machine(host: Example.node, transport: transport))
        let changes = await transport.commands.filter { !$0.isLook }
        #expect(changes.count == 2)
        #expect(changes.first == HostsFile.keep("/etc/hosts"))
        #expect(changes.last?.inputText == "127.0.0.1 localhost\n" + Self.block)
    }

    @Test("has a copy of what it was before the first change, not of what it was before the second", arguments: ["dash", "bash"])
    func kept(shell: String) async throws {
        try await TemporaryFolder.during { folder in
            let path = try folder.write("hosts", "mine\n", mode: 0o644)
            let transport = LocalTransport(shell: shell)
            #expect(try await transport.run(HostsFile.keep(path)).isSuccess)
            try folder.write("hosts", "ours\n")
            #expect(try await transport.run(HostsFile.keep(path)).isSuccess)
            #expect(try folder.text("hosts.before-kubeforge") == "mine\n")
            #expect(try folder.mode("hosts.before-kubeforge") == 0o644)
            #expect(try await transport.run(HostsFile.keep(folder.path("none"))).isSuccess)
        }
    }
}
