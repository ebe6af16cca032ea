import Testing

@testable import ForgeKubernetes

@Suite("The text of /etc/hosts")
struct HostsBlockTests {
    private static let block = HostsFileTests.block

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
}
