import ForgeCore
import Glibc
import Synchronization

/// How long something may be waited for, and who may end the waiting earlier.
struct Deadline {
    let end: ContinuousClock.Instant
    let cancellation: Cancellation
    let wakeup: WakeupPipe

    init(for limit: Duration, _ cancellation: Cancellation, _ wakeup: WakeupPipe) {
        end = .now + limit
        self.cancellation = cancellation
        self.wakeup = wakeup
    }

    /// The time that is left, if any is and nobody has cancelled.
    @discardableResult
    func check() throws(SSHError) -> Duration {
        if cancellation.isCancelled { throw .cancelled }
        let rest = end - .now
        if rest <= .zero { throw .timedOut }
        return rest
    }

    /// The time that is left, for `poll`; at least one millisecond, so that a rest of microseconds does not spin.
    func milliseconds(atMost limit: Duration) throws(SSHError) -> CInt {
        let (seconds, attoseconds) = min(try check(), limit).components
        return CInt(max(1, seconds * 1000 + attoseconds / 1_000_000_000_000_000))
    }

    /// Waits until the descriptor is ready for the events of `poll`, or can never be any more.
    func wait(for events: CInt, of fileDescriptor: CInt) throws(SSHError) {
        while try !isReady(fileDescriptor, events, within: .seconds(3600)) {}
    }

    /// Waits for nothing but the time.
    func pause(_ time: Duration) throws(SSHError) {
        let end = ContinuousClock.now + time
        while case let rest = end - .now, rest > .zero { _ = try isReady(-1, 0, within: rest) }
    }

    /// The wakeup is not consumed: it comes only for a cancellation, which everybody who waits must notice.
    private func isReady(_ fileDescriptor: CInt, _ events: CInt, within limit: Duration) throws(SSHError) -> Bool {
        var waiting = [
            pollfd(fd: fileDescriptor, events: Int16(events), revents: 0),
            pollfd(fd: wakeup.fileDescriptor, events: Int16(POLLIN), revents: 0),
        ]
        return poll(&waiting, nfds_t(waiting.count), try milliseconds(atMost: limit)) > 0 && waiting[0].revents != 0
    }
}

/// Wakes a connection that waits for the network. It does not go through the actor, whose queue is busy with that very
/// waiting.
final class WakeupPipe: Sendable {
    /// A pair of sockets, because Glibc's module has neither pipe2 nor eventfd.
    private struct Pipe {
        var reading: CInt = -1
        var writing: CInt = -1
    }

    private let pipe: Mutex<Pipe>

    init() {
        var ends: [CInt] = [-1, -1]
        socketpair(AF_UNIX, CInt(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue), 0, &ends)
        pipe = Mutex(Pipe(reading: ends[0], writing: ends[1]))
    }

    deinit { close() }

    /// For `poll`: readable as long as a wakeup has not been consumed; -1 after `close()`.
    var fileDescriptor: CInt { pipe.withLock { $0.reading } }

    func ring() {
        pipe.withLock { pipe in
            if pipe.writing >= 0 { _ = write(pipe.writing, [1], 1) }
        }
    }

    /// Makes it quiet again.
    func hear() {
        var rings = [UInt8](repeating: 0, count: 64)
        pipe.withLock { pipe in _ = read(pipe.reading, &rings, rings.count) }
    }

    func close() {
        pipe.withLock { pipe in
            for end in [pipe.reading, pipe.writing] where end >= 0 { _ = Glibc.close(end) }
            pipe = Pipe()
        }
    }
}

/// Whether the one who waits for a command has given up.
final class Cancellation: Sendable {
    private let flag = Atomic(false)
    private let wakeup: WakeupPipe

    init(_ wakeup: WakeupPipe) { self.wakeup = wakeup }

    var isCancelled: Bool { flag.load(ordering: .acquiring) }

    func cancel() {
        flag.store(true, ordering: .releasing)
        wakeup.ring()
    }
}
