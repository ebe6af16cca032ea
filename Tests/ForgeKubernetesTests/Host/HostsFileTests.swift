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
            ("", ""), ("127.0.0.1 localhost\n", "127.0.0.1 localhost\n"),
            ("127.0.0.1 localhost\n\n\n", "127.0.0.1 localhost\n"),
            ("127.0.0.1 localhost", "127.0.0.1 localhost\n"),
            ("# mine\n10.9.9.9 printer\n" + block, "# mine\n10.9.9.9 printer\n"),
            ("# BEGIN kubeforge\n10.77.0.99 kubmaster\n# END kubeforge\n10.9.9.9 printer\n", "10.9.9.9 printer\n"),
        ])
    func others(now: String, others: String) {
        #expect(wanted(now) == others + Self.block)
        #expect(wanted(wanted(now)) == wanted(now))
    }

    @Test(
        "loses what gives a machine's name another address, and nothing else of such a line",
        arguments: [
            ("127.0.1.1\tkubmaster\n", ""), ("127.0.1.1 kubmaster.example.com kubmaster\n", ""),
            ("127.0.1.1 other\n", "127.0.1.1 other\n"),
            ("127.0.0.1 localhost kubmaster\n", "127.0.0.1 localhost\n"),
            ("127.0.1.1 other # kubmaster\n", "127.0.1.1 other # kubmaster\n"),
            ("127.0.1.1 kubmaster2\n", "127.0.1.1 kubmaster2\n"),
            ("127.0.0.1 localhost my-hostname\n", "127.0.0.1 localhost my-hostname\n"),
            ("192.168.1.5 kubnode\n", ""),
            ("192.168.1.5  printer kubnode # the old rack\n", "192.168.1.5 printer # the old rack\n"),
            ("10.77.0.12 kubnode kubnode.example.com\n", "10.77.0.12 kubnode kubnode.example.com\n"),
            ("::1 localhost ip6-localhost\n", "::1 localhost ip6-localhost\n"),
            ("2001:db8::5 kubnode\n", "2001:db8::5 kubnode\n"), ("fe80::1 kubmaster\n", "fe80::1 kubmaster\n"),
            ("127.0.1.1 KubMaster\n", ""),
        ])
    func claims(now: String, others: String) {
        #expect(wanted(now) == others + Self.block)
    }

    /// Who asks for an IPv4 address gets 127.0.0.1 for `::1`, and the rest of `::ffff:192.168.1.5` (glibc,
    /// nss/nss_files/files-hosts.c).
    @Test(
        "loses what glibc takes for another IPv4 address, too",
        arguments: [
            ("::1 localhost kubmaster ip6-localhost\n", "::1 localhost ip6-localhost\n"),
            ("::1 localhost kubmaster ip6-localhost ip6-loopback\n", "::1 localhost ip6-localhost ip6-loopback\n"),
            ("::1\tkubnode # this machine\n", ""), ("0:0:0:0:0:0:0:1 kubmaster\n", ""),
            ("::ffff:192.168.1.5 printer kubnode\n", "::ffff:192.168.1.5 printer\n"),
            ("::FFFF:c0a8:105 kubnode\n", ""), ("::ffff:10.77.0.12 kubnode\n", "::ffff:10.77.0.12 kubnode\n"),
            ("::2 kubnode\n", "::2 kubnode\n"), ("::1%lo kubnode\n", "::1%lo kubnode\n"),
        ])
    func mapped(now: String, others: String) {
        #expect(wanted(now) == others + Self.block)
    }

    /// `written`: the digests of what kubeforge wrote as /etc/hosts.
    private func texts(
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
                "cloud-init may rewrite /etc/hosts at the next boot", "\(Self.template) does not list every host",
            ])
        let template = HostsBlock([Example.master, Example.node], isTemplate: true).wanted(Self.cloud)
        #expect(template == Self.cloud.replacing("127.0.1.1 {{fqdn}} {{hostname}}\n", with: "") + Self.block)
        #expect(try texts(Self.block, template: template, setting: "manage_etc_hosts: false\n") == [])
        let others = HostsBlock([Example.master, Example.node], isTemplate: true).wanted(
            "127.0.0.1 localhost {{hostname}}\n::1 {{ fqdn }} {{ hostname }} localhost\n::1 {{fqdn}}\n")
        #expect(others == "127.0.0.1 localhost\n::1 localhost\n" + Self.block)
        #expect(try texts(Self.block, template: template, setting: "manage_etc_hosts: true\n").count == 1)
    }

    /// User data go before our setting; the first provision finds such a line on most machines, and says nothing of it.
    @Test("to which cloud-init adds the machine's name at each boot says where that comes from")
    func userData() throws {
        let template = HostsBlock([Example.master, Example.node], isTemplate: true).wanted(Self.cloud)
        let line = "127.0.1.1 kubnode.example.com kubnode"
        #expect(
            try texts(Self.block + line + "\n", template: template, setting: "manage_etc_hosts: false\n") == [
                "another address for a host: \(line)",
                """
                cloud-init adds it at each boot where its user data say `manage_etc_hosts: localhost`: remove it there
                """,
            ])
        #expect(try texts(Self.block + line + "\n") == ["another address for a host: \(line)"])
        #expect(try texts(Self.block + line + "\n", template: Self.cloud).count == 3)
        #expect(
            try texts(
                Self.block + "192.168.1.5 kubnode\n", template: template, setting: "manage_etc_hosts: false\n"
            ).count == 1)
    }

    private static let lost = """
        kubeforge's block was there after the last provision: something rewrites the file, perhaps at boot; `sudo grep \
        -rls /etc/hosts /etc/systemd /etc/cron* /var/spool/cron /etc/rc.local /etc/network /etc/dhcp \
        /etc/NetworkManager /usr/local` may find it
        """

    @Test("that lost kubeforge's block since the last provision says so")
    func lost() throws {
        let (theirs, missing) = ("127.0.0.1 localhost\n", "missing: kubmaster, kubnode")
        let ours = [SHA256.hex(theirs + Self.block)]
        #expect(try texts(theirs, written: ours) == [missing, Self.lost])
        #expect(try texts("", written: ours) == [missing, Self.lost])
        #expect(try texts("10.77.0.11 kubmaster\n10.77.0.12 kubnode\n", written: ours).last == Self.lost)
        // Before the first provision nothing is lost, and a block that is there is not.
        #expect(try texts(theirs) == [missing])
        #expect(
            try texts("# BEGIN kubeforge\n10.77.0.11 kubmaster\n# END kubeforge\n", written: ours) == [
                "missing: kubnode"
            ])
        #expect(try texts(theirs + Self.block, written: ours) == [])
    }

    @Test("that cloud-init rewrote is told once, as cloud-init's")
    func lostToCloudInit() throws {
        let (theirs, missing) = ("127.0.1.1 kubnode\n", "missing: kubmaster, kubnode")
        let ours = [SHA256.hex(Self.block)]
        #expect(
            try texts(theirs, template: Self.cloud, written: ours) == [
                missing, "cloud-init may rewrite /etc/hosts at the next boot",
                "\(Self.template) does not list every host",
            ])
        // What cloud-init renders has the block by now, and what it adds to the file leaves it there.
        let template = HostsBlock([Example.master, Example.node], isTemplate: true).wanted(Self.cloud)
        #expect(
            try texts(theirs, template: template, setting: "manage_etc_hosts: false\n", written: ours) == [
                missing, Self.lost,
            ])
    }

    @Test("that lost the block is put right as any other, as the machine's own note tells")
    func lostOnMachine() async throws {
        let theirs = "127.0.0.1 localhost\n"
        let (machine, transport) = machine(Array(theirs.utf8), note: "\n= 0 \(SHA256.hex(theirs + Self.block)) ")
        let answers = try await machine.ask(step.questions)
        #expect(step.differences(given: answers).map(\.text) == ["missing: kubmaster, kubnode", Self.lost])
        try await step.apply(to: machine)
        let changes = await transport.commands.filter { !$0.isLook }
        #expect(changes == [RemoteFile("/etc/hosts", theirs + Self.block).write])
    }

    /// Answers of a machine whose /etc/hosts has these bytes. `note`: the line of what kubeforge wrote there.
    private func machine(_ hosts: [UInt8], note: String = "") -> (Machine, ScriptedTransport) {
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

    @Test("is written from what is there at that moment")
    func apply() async throws {
        let (machine, transport) = machine(Array("127.0.0.1 localhost\n".utf8))
        try await step.apply(to: machine)
        let changes = await transport.commands.filter { !$0.isLook }
        #expect(changes == [RemoteFile("/etc/hosts", "127.0.0.1 localhost\n" + Self.block).write])
    }

    @Test("is put into cloud-init's template, too, with the setting beside it, where cloud-init has one")
    func applyToCloudInit() async throws {
        let look =
            frame(" 0 1") + frame(" 0 1")
            + frame("regular file|644|root:root|\(Self.block.utf8.count)|1\nregular file|644|root:root|9|1")
            + frame("\(SHA256.hex(Self.block))  /etc/hosts\n\(SHA256.hex(Self.cloud))  \(Self.template)")
            + frame(Self.block) + frame(Self.cloud) + frame("", code: 1) + frame(Self.names)
        let transport = ScriptedTransport { command in
            guard command.isLook else { return Output() }
            return Output(command.inputText.contains("hosts.debian.tmpl") ? look : frame(Self.names))
        }
        try await step.apply(to: Machine(host: Example.node, transport: transport))
        let rendered = Self.cloud.replacing("127.0.1.1 {{fqdn}} {{hostname}}\n", with: "") + Self.block
        let changes = await transport.commands.filter { !$0.isLook }
        #expect(
            changes == [
                RemoteFile(Self.template, rendered).write,
                RemoteFile(Self.setting, "manage_etc_hosts: false\n").write,
            ])
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

    @Test("keeps every byte of others, whatever their coding and the ends of their lines")
    func bytes() async throws {
        let theirs: [UInt8] =
            Array("10.9.9.9 drucker # B".utf8) + [0xfc, 0x72, 0x6f, 0xff, 0x0d, 0x0a] + Array("10.9.9.8 \u{e4}\n".utf8)
        let (machine, transport) = machine(theirs)
        try await step.apply(to: machine)
        #expect(
            await transport.commands.filter { !$0.isLook } == [
                RemoteFile("/etc/hosts", bytes: theirs + Array(Self.block.utf8)).write
            ])
    }

    @Test(
        "loses no line to a block whose end somebody cut off",
        arguments: [
            ("# BEGIN kubeforge\n10.77.0.11 kubmaster\n10.0.0.9 database\n", "10.0.0.9 database\n"),
            ("1.1.1.1 a\n# BEGIN kubeforge\n10.77.0.99 kubmaster\n2.2.2.2 b kubnode\n", "1.1.1.1 a\n2.2.2.2 b\n"),
            (
                """
                # BEGIN kubeforge\n10.0.0.9 database\n# BEGIN kubeforge\n10.77.0.11 kubmaster\n# END \
                kubeforge\n10.0.0.8 x\n
                """,
                "10.0.0.9 database\n10.0.0.8 x\n"
            ),
            ("10.0.0.9 database\n# END kubeforge\n10.0.0.8 x\n", "10.0.0.9 database\n10.0.0.8 x\n"),
        ])
    func cutBlock(now: String, others: String) {
        #expect(wanted(now) == others + Self.block)
        #expect(wanted(wanted(now)) == wanted(now))
    }

    @Test(
        "that is cut or changed by the look is never written back, and told before anything is changed",
        arguments: [1 << 20, 5])
    func cut(count: Int) async throws {
        let read = [UInt8](repeating: 0x23, count: count)
        let state = FileState(size: count + 1, sha256: SHA256.hex("something else"))
        let answers: [Question: Answer] = [.contents("/etc/hosts"): .contents(read), .file("/etc/hosts"): .file(state)]
        let said =
            count == 5
            ? "/etc/hosts has NUL bytes, or changes while it is read"
            : "/etc/hosts has 1048577 bytes, and kubeforge reads 1 MiB"
        #expect(EditableFiles.requirement.texts(answers) == [said])
        #expect(step.texts(answers).first == said)
        // The digest is of the whole file, the contents are not.
        let look =
            frame(" 0") + frame(" 0") + frame("regular file|644|root:root|\(count + 1)|1")
            + frame("\(SHA256.hex("else"))  /etc/hosts")
            + frame(String(decoding: read, as: UTF8.self)) + frame("", code: 1) + frame("", code: 1) + frame(Self.names)
        let (machine, transport) = Example.machine(answering: look)
        let problem = await #expect(throws: Problem.self) { try await step.apply(to: machine) }
        #expect(problem?.why == said)
        #expect(await transport.changes == [])
    }

    @Test("of 1 MiB is read to its end, and not called too long where it changes meanwhile")
    func exactlyTheLimit() {
        let read = [UInt8](repeating: 0x23, count: 1 << 20)
        let state = FileState(size: 1 << 20, sha256: SHA256.hex("something else"))
        let answers: [Question: Answer] = [.contents("/etc/hosts"): .contents(read), .file("/etc/hosts"): .file(state)]
        let said = "/etc/hosts has NUL bytes, or changes while it is read"
        #expect(EditableFiles.requirement.texts(answers) == [said])
    }

    @Test("that is a link, or not there, is no reason to guess")
    func links() {
        let link: [Question: Answer] = [
            .contents("/etc/hosts"): .contents([0x61]), .file("/etc/hosts"): .file(FileState(kind: .symlink)),
        ]
        #expect(
            EditableFiles.requirement.texts(link) == ["/etc/hosts is a symbolic link: it would be replaced by a file"])
        let none: [Question: Answer] = [.contents("/etc/hosts"): .contents(nil), .file("/etc/hosts"): .file(nil)]
        #expect(EditableFiles.requirement.texts(none) == [])
    }
}
