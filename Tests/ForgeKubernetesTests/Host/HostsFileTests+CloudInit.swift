import ForgeCore
import ForgePlan
import ForgeTestSupport
import Testing

@testable import ForgeKubernetes

/// Where cloud-init writes it at boot, from a template or by user data.
extension HostsFileTests {
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
}
