import ForgeCore
import Foundation
import Synchronization

/// The signals that ask a run to stop, turned into calls until `end`: Ctrl-C, `kill`, and a terminal that went away.
///
/// Not a dispatch source: on Linux it reads a signalfd, which stays silent about a signal as long as one thread does
/// not block it, and whether the main thread does is up to who started the process. So a handler writes into a pipe,
/// and a thread of our own, which surely takes these signals, reads it.
package struct Signals: Sendable {
    /// The signals that are handled: a SIGHUP that is ignored when the process begins stays ignored, which is all that
    /// `nohup` does.
    private let numbers: [Int32]

    /// Each signal is one call, on a thread of its own.
    package init(_ body: @escaping @Sendable () -> Void) throws(Problem) {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else {
            throw Problem(what: "cannot listen for signals", why: String(cString: strerror(errno)))
        }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        bell.store(ends[1], ordering: .sequentiallyConsistent)
        numbers = [SIGINT, SIGTERM, SIGHUP].filter { $0 != SIGHUP || !Self.isIgnored($0) }
        let (hearing, set) = (ends[0], Self.set(numbers))
        Thread.detachNewThread {
            var set = set
            pthread_sigmask(SIG_UNBLOCK, &set, nil)
            var byte: UInt8 = 0
            while read(hearing, &byte, 1) == 1 { body() }
            close(hearing)
        }
        for number in numbers { signal(number, ring) }
    }

    /// From here on a signal ends the process as usual.
    package func end() {
        for number in numbers { signal(number, SIG_DFL) }
        close(bell.exchange(-1, ordering: .sequentiallyConsistent))
    }

    private static func isIgnored(_ number: Int32) -> Bool {
        var action = sigaction()
        sigaction(number, nil, &action)
        return unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self)
            == unsafeBitCast(SIG_IGN, to: Int.self)
    }

    private static func set(_ numbers: [Int32]) -> sigset_t {
        var set = sigset_t()
        sigemptyset(&set)
        for number in numbers { sigaddset(&set, number) }
        return set
    }
}

/// The pipe's end that a handler writes to: handlers have no context, so there is one for the process.
private let bell = Atomic<Int32>(-1)

/// Nothing but what is allowed in a signal handler.
private func ring(_ number: Int32) {
    let error = errno
    var byte: UInt8 = 1
    write(bell.load(ordering: .relaxed), &byte, 1)
    errno = error
}

/// How often the user asked a run to stop. Once: no new step begins. Twice: nothing is waited for any longer.
package final class CancellationSource: Sendable {
    private struct State {
        var requests = 0
        var onRequest: @Sendable (Request) -> Void = { _ in }
    }

    /// Which press it is, counted from the start of the run.
    package enum Request: Sendable, Hashable {
        case first, second, further
    }

    private let state = Mutex(State())

    package init() {}

    /// Whether the user has asked at least once; never false again.
    package var isRequested: Bool { state.withLock { $0.requests > 0 } }

    /// From now on each press is told; one that came before is told at once.
    package func onRequest(_ body: @escaping @Sendable (Request) -> Void) {
        let earlier = state.withLock { state in
            state.onRequest = body
            return state.requests
        }
        for number in 0..<earlier { body(Request(number: number + 1)) }
    }

    /// Ctrl-C, or a signal that means the same.
    package func request() {
        let (request, body) = state.withLock { state in
            state.requests += 1
            return (Request(number: state.requests), state.onRequest)
        }
        body(request)
    }
}

extension CancellationSource.Request {
    fileprivate init(number: Int) {
        switch number {
        case 1: self = .first
        case 2: self = .second
        default: self = .further
        }
    }
}
