import ForgePlan
import Synchronization

/// Listens for failures that belong to no step, and so are not in a plan's result: wrong answers of the service, and
/// hosts with a problem.
final class FailureRecorder: Reporter {
    private struct State {
        var hasFailedCheck = false
        var lostHosts: Set<String> = []
    }

    private let state = Mutex(State())

    var hasFailedCheck: Bool { state.withLock(\.hasFailedCheck) }

    var lostHosts: Set<String> { state.withLock(\.lostHosts) }

    func report(_ event: Event) {
        switch event {
        case .check(let check) where !check.isPassed: state.withLock { $0.hasFailedCheck = true }
        case .problem(_, let host?): state.withLock { _ = $0.lostHosts.insert(host) }
        default: break
        }
    }
}
