import ForgeCore
import ForgePlan
import ForgeTestSupport
import Testing

@testable import ForgeKubernetes

@Suite("A hostname")
struct HostnameTests {
    private func texts(_ now: String, _ kept: String?) -> [String] {
        Hostname(name: "kubnode").texts([
            .sysctl("kernel.hostname"): .sysctl(now),
            .contents("/etc/hostname"): .contents(kept.map { Array($0.utf8) }),
        ])
    }

    @Test("is right now and after a reboot")
    func differences() {
        #expect(texts("kubnode", "kubnode\n") == [])
        #expect(texts("debian", "debian\n") == ["hostname: debian → kubnode", "/etc/hostname: debian → kubnode"])
        #expect(texts("kubnode", nil) == ["/etc/hostname: empty → kubnode"])
        #expect(texts("kubnode.example.com", "kubnode\n") == ["hostname: kubnode.example.com → kubnode"])
    }

    @Test("is set in one command, and cloud-init is told to leave it")
    func apply() async throws {
        let (machine, transport) = Example.machine()
        try await Hostname(name: "kubnode").apply(to: machine)
        let lines = await transport.changes
        #expect(lines.count == 1)
        #expect(lines[0].contains("preserve_hostname: true"))
        #expect(lines[0].hasSuffix(" sh kubnode"))
    }
}
