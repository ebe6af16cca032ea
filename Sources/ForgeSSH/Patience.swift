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

    /// The time that is left, for `poll`; at least one millisecond, so that a rest of microseconds does not spin.
    func milliseconds(atMost limit: Duration) throws(SSHError) -> CInt {
        if cancellation.isCancelled { throw .cancelled }
        let rest = deadline - .now
        if rest <= .zero { throw .timedOut }
        let (seconds, attoseconds) = min(rest, limit).components
        return CInt(max(1, seconds * 1000 + attoseconds / 1_000_000_000_000_000))
    }
}
