import ForgeCore

/// How long something may be waited for, and who may end the waiting earlier.
struct Patience {
    let deadline: ContinuousClock.Instant
    let cancellation: Cancellation
    let alarm: Alarm

    init(for limit: Duration, _ cancellation: Cancellation, _ alarm: Alarm) {
        deadline = .now + limit
        self.cancellation = cancellation
        self.alarm = alarm
    }

    /// The time that is left, if any is and nobody has cancelled.
    @discardableResult
    func check() throws(SSHError) -> Duration {
        if cancellation.isCancelled { throw .cancelled }
        let rest = deadline - .now
        if rest <= .zero { throw .timedOut }
        return rest
    }

    /// The time that is left, for `poll`; at least one millisecond, so that a rest of microseconds does not spin.
    func milliseconds(atMost limit: Duration) throws(SSHError) -> CInt {
        let (seconds, attoseconds) = min(try check(), limit).components
        return CInt(max(1, seconds * 1000 + attoseconds / 1_000_000_000_000_000))
    }
}
