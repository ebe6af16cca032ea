import ForgeCore
import Foundation

/// One kubeforge at a time for one lab: a lock that the kernel takes back from a killed process.
struct ExclusiveUse: ~Copyable {
    private let descriptor: Int32

    init(of cluster: String, lock path: String) throws(Problem) {
        // O_CLOEXEC: the lab's machines outlive this process and must not hold its lock.
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw Problem(what: "cannot open \(path)", why: String(cString: strerror(errno))) }
        // `deinit` closes it after a throw, too.
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            throw Problem(
                what: "the lab \(cluster) is in use by another kubeforge run",
                fix: "wait for it, or end it, and try again")
        }
    }

    /// Said aloud, so that nobody ends it earlier by forgetting the value.
    consuming func end() {}

    deinit { if descriptor >= 0 { close(descriptor) } }
}
