import Foundation
import Synchronization

/// A clock that a test moves. It stands still until then, and who sleeps by it sleeps until the task is cancelled.
package final class TestClock: Sendable {
    private let time = Mutex(ContinuousClock.Instant.now)

    package init() {}

    package var now: ContinuousClock.Instant { time.withLock { $0 } }

    package func advance(by step: Duration) { time.withLock { $0 += step } }

    /// Ends with the task: what a test wants done after a pause, it does itself.
    package func sleep(for pause: Duration) async throws {
        while true { try await Task.sleep(for: .seconds(3600)) }
    }
}
