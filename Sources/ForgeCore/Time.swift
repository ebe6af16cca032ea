/// Polls until it is done; false when the limit is over first.
///
/// It checks at least once, and a last time when the limit is over. `pause` lets time pass between two checks: what
/// must end with the first Ctrl-C is for the caller to know.
package func poll(
    within limit: Duration, pause: () async throws -> Void, until isDone: () async throws -> Bool
) async throws -> Bool {
    let end = ContinuousClock.now + limit
    while try await !isDone() {
        guard ContinuousClock.now < end else { return false }
        try await pause()
    }
    return true
}

extension Duration {
    /// The duration as a fraction of seconds, for events and reports: `12.4`.
    package var seconds: Double { Double(components.seconds) + Double(components.attoseconds) / 1e18 }
}
