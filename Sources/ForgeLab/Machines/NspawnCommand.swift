import ForgeCore

/// The command line that boots a file system as a machine.
struct NspawnCommand: Sendable, Hashable {
    /// The machine's root file system.
    var root: String
    /// A folder of the host's that is /var in the machine: containerd's overlayfs cannot lie on an overlay.
    var variable: String
    var machine: String
    var namespacePath: String
    /// `systemd-run` in front, on hosts where systemd owns the one cgroup hierarchy.
    var isInScope: Bool
    /// The host's kernel modules, for modprobe in the machine; nil if the host has none.
    var modules: String?
    /// Tells the machine's systemd to make do with control groups of version 1, which 256 and later refuse.
    var forcesOldGroups = false

    var command: Command {
        // Without API_VFS_WRITABLE /proc/sys is read-only, and dockerd fails at "Enabling IP forwarding".
        Command(
            ["env", "SYSTEMD_NSPAWN_API_VFS_WRITABLE=yes"] + scope + [
                "systemd-nspawn", "--quiet", "--register=no", "--keep-unit", "--boot", "--directory=\(root)",
                "--machine=\(machine)",
                "--network-namespace-path=\(namespacePath)", "--capability=all", "--private-users=no",
                "--resolv-conf=off",
                "--timezone=off", "--link-journal=no", "--console=pipe", "--bind=/dev/kmsg", "--bind=\(variable):/var",
                "--system-call-filter=@mount @keyring @privileged bpf perf_event_open",
            ] + (modules.map { ["--bind-ro=\($0)"] } ?? []) + (forcesOldGroups ? Self.oldGroups : []))
    }

    /// To init, which takes them for words of the kernel's command line.
    private static let oldGroups: [Word] = [
        "--", "SYSTEMD_CGROUP_ENABLE_LEGACY_FORCE=1", "systemd.unified_cgroup_hierarchy=0",
    ]

    private var scope: [Word] {
        isInScope
            ? ["systemd-run", "--scope", "--quiet", "--collect", "--property=Delegate=yes", "--unit=\(machine)"] : []
    }
}
