import Synchronization

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
