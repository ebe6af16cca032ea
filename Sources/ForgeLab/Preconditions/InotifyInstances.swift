import ForgeCore
import Foundation

/// The kernel's means to watch files. It gives each user so many, and root is the same user in all machines of all
/// labs.
struct InotifyInstances: Sendable, Hashable {
    /// As `/proc/*/fd` shows them, a control plane has 15 when it is provisioned (five each for systemd and the
    /// kubelet, one each for udevd, logind, containerd, the controller manager and kube-proxy), a worker 14, and 18
    /// while a service is deployed. The kubelet takes one for each log that is followed.
    private static let perMachine = 20

    /// How many one user may have.
    var limit: Int
    /// Those of root.
    var inUse: Int

    /// What stands in the way of so many machines more; nil when they have enough.
    func problem(machines: Int) -> Problem? {
        let needed = machines * Self.perMachine
        guard limit - inUse < needed else { return nil }
        return Problem(
            what: "too few inotify instances for \(machines) machines",
            why:
                """
                root may have \(limit) and uses \(inUse), \(needed) more are needed; kube-proxy ends with \"too many \
                open files\" without them
                """,
            fix: "sysctl fs.inotify.max_user_instances=\(max(512, 2 * (inUse + needed)))")
    }
}

extension InotifyInstances {
    /// nil where the kernel does not say.
    static func take(_ computer: LocalHost) -> InotifyInstances? {
        let text = computer.read("/proc/sys/fs/inotify/max_user_instances")?.trimming(while: \.isWhitespace)
        guard let limit = text.flatMap({ Int($0) }) else { return nil }
        let processes = computer.names(in: "/proc").filter { Int($0) != nil && isRoot("/proc/\($0)") }
        return InotifyInstances(limit: limit, inUse: processes.reduce(0) { $0 + count("/proc/\($1)/fd", computer) })
    }

    private static func isRoot(_ folder: String) -> Bool {
        let attributes = try? FileManager.default.attributesOfItem(atPath: folder)
        return (attributes?[.ownerAccountID] as? NSNumber)?.intValue == 0
    }

    /// `folder`: a process's own of what it has open, `/proc/1/fd`.
    static func count(_ folder: String, _ computer: LocalHost) -> Int {
        computer.names(in: folder).count { name in
            (try? FileManager.default.destinationOfSymbolicLink(atPath: "\(folder)/\(name)")) == "anon_inode:inotify"
        }
    }
}

extension Int {
    /// A number of bytes as "2.9 GiB": rounded down, since 2.99 are not 3.
    var gibibytes: String {
        let tenths = (self * 10) >> 30
        return "\(tenths / 10).\(tenths % 10) GiB"
    }
}
