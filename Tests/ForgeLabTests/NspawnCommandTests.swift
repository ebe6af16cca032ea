import ForgeCore
import ForgeTemplates
import ForgeTestSupport
import Glibc
import Testing

@testable import ForgeLab

@Suite("The nspawn command")
struct NspawnCommandTests {
    private let plain = NspawnCommand(
        root: "/lab/root", variable: "/lab/var", machine: "kubeforge.lab.kubmaster",
        namespacePath: "/run/netns/kubeforge.lab.kubmaster",
        isInScope: false, modules: nil)

    @Test("boots a machine in its own network, with everything a container runtime needs")
    func boot() {
        #expect(
            plain.command.line == """
                env SYSTEMD_NSPAWN_API_VFS_WRITABLE=yes systemd-nspawn --quiet --register=no --keep-unit --boot \
                --directory=/lab/root --machine=kubeforge.lab.kubmaster \
                --network-namespace-path=/run/netns/kubeforge.lab.kubmaster --capability=all --private-users=no \
                --resolv-conf=off --timezone=off --link-journal=no --console=pipe --bind=/dev/kmsg \
                --bind=/lab/var:/var '--system-call-filter=@mount @keyring @privileged bpf perf_event_open'
                """)
    }

    @Test("lends the host's modules read-only where it has any")
    func modules() {
        var command = plain
        command.modules = "/lib/modules/6.1.0-40-amd64"
        #expect(command.command.line.hasSuffix(" --bind-ro=/lib/modules/6.1.0-40-amd64"))
    }

    @Test("tells a systemd that refuses control groups of version 1 to make do with them")
    func oldGroups() {
        var command = plain
        command.modules = "/lib/modules/6.1.0-40-amd64"
        command.forcesOldGroups = true
        #expect(
            command.command.line.hasSuffix(
                """
                 --bind-ro=/lib/modules/6.1.0-40-amd64 -- SYSTEMD_CGROUP_ENABLE_LEGACY_FORCE=1 \
                systemd.unified_cgroup_hierarchy=0
                """
            ))
    }

    @Test("runs in a scope with delegated groups where systemd owns them")
    func scope() {
        var command = plain
        command.isInScope = true
        #expect(
            command.command.line.contains(
                " systemd-run --scope --quiet --collect --property=Delegate=yes --unit=kubeforge.lab.kubmaster "
                    + "systemd-nspawn "
            ))
    }
}

@Suite("A machine of systemd-nspawn")
struct NspawnDriverTests {
    /// An ordinary user cannot read the folder of a machine, which says more.
    @Test("runs while a systemd-nspawn is among its processes, whoever asks")
    func supervising() async throws {
        try await TemporaryFolder.during { folder in
            let layout = try LabLayout(
                cluster: SampleLab.cluster(), cache: Cache(root: "/var/cache/kubeforge/lab"),
                operatorFiles: SampleLab.operatorFiles, computer: LocalHost(), templates: Templates())
            let driver = NspawnDriver(machine: layout.machines[0])
            #expect(!driver.isSupervising([getpid()]))
            let program = folder.path("systemd-nspawn")
            try await LocalProgram.run("cp", ["/usr/bin/sleep", program])
            try await LocalProgram.running(program, ["600"]) { process in
                while LocalHost().read("/proc/\(process)/comm") != "systemd-nspawn\n" {
                    try await Task.sleep(for: .milliseconds(2))
                }
                #expect(driver.isSupervising([getpid(), process]))
            }
        }
    }
}
