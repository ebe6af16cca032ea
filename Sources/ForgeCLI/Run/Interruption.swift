import Synchronization

/// How often the user asked a run to stop. Once: no new step begins. Twice: nothing is waited for any longer.
package final class Interruption: Sendable {
    private struct State {
        var presses = 0
        var onPress: @Sendable (Press) -> Void = { _ in }
    }

    package enum Press: Sendable, Hashable {
        case first, second, further
    }

    private let state = Mutex(State())

    package init() {}

    package var isRequested: Bool { state.withLock { $0.presses > 0 } }

    /// From now on each press is told; one that came before is told at once.
    package func onPress(_ body: @escaping @Sendable (Press) -> Void) {
        let earlier = state.withLock { state in
            state.onPress = body
            return state.presses
        }
        for number in 0..<earlier { body(Press(number: number + 1)) }
    }

    /// Ctrl-C, or a signal that means the same.
    package func press() {
        let (press, body) = state.withLock { state in
            state.presses += 1
            return (Press(number: state.presses), state.onPress)
        }
        body(press)
    }
}

extension Interruption.Press {
    fileprivate init(number: Int) {
        switch number {
        case 1: self = .first
        case 2: self = .second
        default: self = .further
        }
    }
}
