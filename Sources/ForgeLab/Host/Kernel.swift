import ForgeCore
import Foundation

/// The kernel that all of a lab's machines share with this computer.
struct Kernel: Sendable {
    let computer: LocalHost

    /// The release as `uname -r` prints it.
    var release: String { computer.read("/proc/sys/kernel/osrelease")?.trimming(while: \.isWhitespace) ?? "" }

    /// The host's modules; nil where everything is built in.
    var modules: String? {
        let directory = "/lib/modules/\(release)"
        return computer.exists(directory) ? directory : nil
    }

    /// The modules that Kubernetes asks for and that this kernel has without a module file.
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

/// What is mounted on this computer, for the parts of a lab's directory.
enum Mounts {
    /// Before a command that mounts things, itself or by mmdebstrap: they go away with its last process, however that
    /// ends, and nobody who removes or measures a directory of the cache runs into this computer's /proc. Only root can
    /// mount anything.
    static let ownNamespace: [Word] = geteuid() == 0 ? ["unshare", "--mount", "--propagation", "private"] : []

    /// The mount points at and below the directory, innermost first. `table` is /proc/self/mounts, which writes a space
    /// as `\040`.
    static func points(below directory: String, in table: String) -> [String] {
        let points = table.split(separator: "\n").compactMap { line -> String? in
            let fields = line.split(separator: " ")
            return fields.count > 1 ? plain(fields[1]) : nil
        }
        return points.filter { $0 == directory || $0.hasPrefix(directory + "/") }.reversed()
    }

    static func unmount(below directory: String, _ computer: LocalHost) async throws {
        for point in points(below: directory, in: computer.read("/proc/self/mounts") ?? "") {
            // A mount that something of a killed machine still holds goes away with it; its place is free at once. So
            // is that of a server that is away, for which umount waits.
            let output = try? await computer.run(Command("umount", Word(point)).within(.seconds(30)))
            try Task.checkCancellation()
            if output?.isSuccess != true {
                try await computer.finish(Command("umount", "--lazy", Word(point)).within(.seconds(30)))
            }
        }
    }

    private static func plain(_ field: Substring) -> String {
        String(field).replacing("\\040", with: " ").replacing("\\011", with: "\t").replacing("\\134", with: "\\")
    }
}
