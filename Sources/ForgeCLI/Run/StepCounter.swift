import ForgePlan
import Synchronization

/// Counts how steps ended, by host, for the summary of a run that no executor counts for.
final class StepCounter: Reporter {
    private let counts = Mutex<[String: HostSummary]>([:])

    var hosts: [String: HostSummary] { counts.withLock { $0 } }

    func report(_ event: Event) {
        guard case .step(let step) = event else { return }
        counts.withLock { $0[step.host, default: HostSummary()].count(step.outcome) }
    }
}
