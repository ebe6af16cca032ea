import Dispatch

/// A serial executor of its own for each connection: libssh blocks, and the cooperative pool has only as many threads
/// as the machine has cores.
/// A session may be used by one thread at a time, which is exactly what a serial queue promises.
final class QueueExecutor: SerialExecutor {
    private let queue: DispatchQueue

    init(label: String) { queue = DispatchQueue(label: label) }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { job.runSynchronously(on: self.asUnownedSerialExecutor()) }
    }

    func checkIsolated() { dispatchPrecondition(condition: .onQueue(queue)) }

    /// Calls `body` on the queue, again and again for as long as the result is kept. No thread of the cooperative pool
    /// has to be free for it.
    func repeating(every interval: Duration, _ body: @escaping @Sendable () -> Void) -> RepeatingTimer {
        let timer = DispatchSource.makeTimerSource(queue: queue)
        let (seconds, fraction) = interval.components
        let pause = DispatchTimeInterval.nanoseconds(Int(seconds) * 1_000_000_000 + Int(fraction / 1_000_000_000))
        timer.schedule(deadline: .now() + pause, repeating: pause)
        timer.setEventHandler(handler: body)
        timer.activate()
        return RepeatingTimer(timer: timer)
    }

    final class RepeatingTimer {
        private let timer: any DispatchSourceTimer

        init(timer: any DispatchSourceTimer) { self.timer = timer }

        deinit { timer.cancel() }
    }
}
