import ForgeCore
import ForgePlan
import ForgeTestSupport
import Testing

@testable import ForgeKubernetes

/// Where something takes kubeforge's block out again.
extension HostsFileTests {
    static let lost = """
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
}
