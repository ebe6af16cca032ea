import ForgeCore

/// The kernel that all of a lab's machines share with this computer.
struct Kernel: Sendable {
    let computer: LocalHost

    /// As `uname -r` says it.
    var release: String { computer.read("/proc/sys/kernel/osrelease")?.trimming(while: \.isWhitespace) ?? "" }

    /// The host's modules; nil where everything is built in.
    var modules: String? {
        let folder = "/lib/modules/\(release)"
        return computer.exists(folder) ? folder : nil
    }

    /// Those of the modules Kubernetes asks for that this kernel has without a module file.
    var builtIn: [String] {
        let signs = [
            "overlay": "/sys/module/overlay", "br_netfilter": "/proc/sys/net/bridge/bridge-nf-call-iptables",
            "nf_conntrack": "/proc/sys/net/netfilter/nf_conntrack_max", "vxlan": "/sys/module/vxlan",
            "ip_vs": "/proc/net/ip_vs",
        ]
        return signs.filter { computer.exists($0.value) }.keys.sorted()
    }

    /// Whether processes here may lower an OOM score and hand CAP_SYS_RESOURCE on to containers.
    var hasResourceCapability: Bool {
        Self.capabilities(status: computer.read("/proc/self/status") ?? "") & (1 << 24) != 0
    }

    /// systemd owns the control groups where it is the first process.
    var runsSystemd: Bool { computer.exists("/run/systemd/system") }

    var groups: ControlGroups {
        ControlGroups(
            membership: computer.read("/proc/self/cgroup") ?? "", mounts: computer.read("/proc/self/mounts") ?? "")
    }

    /// The effective set of /proc/self/status.
    static func capabilities(status: String) -> UInt64 {
        let line = status.split(separator: "\n").first { $0.hasPrefix("CapEff:") }
        return line.flatMap { UInt64($0.dropFirst("CapEff:".count).trimming(while: \.isWhitespace), radix: 16) } ?? 0
    }
}
