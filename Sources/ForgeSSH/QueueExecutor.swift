import Dispatch

/// A serial executor of its own for each connection: libssh blocks, and the cooperative pool has only as many threads as the machine has cores.
/// A session may be used by one thread at a time, which is exactly what a serial queue promises.
final class QueueExecutor: SerialExecutor {
    private let queue: DispatchQueue

    init(label: String) { queue = DispatchQueue(label: label) }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { job.runSynchronously(on: self.asUnownedSerialExecutor()) }
    }
}
