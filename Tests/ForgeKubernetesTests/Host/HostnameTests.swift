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

    @Test(
        "is set by hostnamectl, where that fails by hostname and in the file, and at last in the kernel itself",
        arguments: ["dash", "bash"])
    func ways(shell: String) async throws {
        let both = "hostnamectl set-hostname -- kubnode\nhostname -- kubnode\n"
        for (hostnamectl, hostname, calls, file, kernel) in [
            (0, 0, "hostnamectl set-hostname -- kubnode\n", "old\n", "old"), (1, 0, both, "kubnode\n", "old"),
            (1, 1, both, "kubnode\n", "kubnode"),
        ] as [(Int, Int, String, String, String)] {
            try await TemporaryDirectory.during { directory in
                for (name, code) in [("hostnamectl", hostnamectl), ("hostname", hostname)] {
                    let program = "#!/bin/sh\necho \"\(name) $*\" >> \(directory.path)/calls\nexit \(code)\n"
                    try directory.write("bin/\(name)", program, mode: 0o755)
                }
                try directory.write("hostname", "old\n")
                try directory.write("kernel", "old")
                try directory.write("cloud/cloud.cfg", "")
                let transport = ReplacedPaths(
                    [
                        "/etc/hostname": directory.path("hostname"), "/etc/cloud": directory.path("cloud"),
                        "/proc/sys/kernel/hostname": directory.path("kernel"),
                    ],
                    on: LocalTransport(shell: shell, programs: directory.path("bin")))
                try await Hostname(name: "kubnode").apply(to: Machine(host: Example.node, transport: transport))
                #expect(try directory.text("calls") == calls)
                #expect(try directory.text("hostname") == file)
                #expect(try directory.text("kernel") == kernel)
                let setting = "cloud/cloud.cfg.d/99-kubeforge-hostname.cfg"
                #expect(try directory.text(setting) == "preserve_hostname: true\n")
            }
        }
    }
}
