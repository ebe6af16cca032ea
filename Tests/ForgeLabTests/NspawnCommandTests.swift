import ForgeCore
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
