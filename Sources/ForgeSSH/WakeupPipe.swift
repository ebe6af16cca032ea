import Glibc
import Synchronization

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

    /// For `poll`: readable as long as a ring has not been heard; -1 after `close()`.
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
