import Dispatch
import Glibc
import Synchronization

/// Work that nothing can interrupt, such as a look-up of the system's.
enum Aside {
    private final class Box<Value: Sendable>: Sendable {
        let value = Mutex<Value?>(nil)
    }

    /// Does it on a thread of its own, and waits for it as long as there is patience; after that it is left to itself.
    static func run<Value: Sendable>(_ deadline: Deadline, _ work: @escaping @Sendable () -> Value) throws(SSHError)
        -> Value
    {
        let (box, bell) = (Box<Value>(), WakeupPipe())
        DispatchQueue(label: "kubeforge.ssh.aside").async {
            let value = work()
            box.value.withLock { $0 = value }
            bell.ring()
        }
        while true {
            try deadline.wait(for: POLLIN, of: bell.fileDescriptor)
            if let value = box.value.withLock({ $0 }) { return value }
        }
    }
}
