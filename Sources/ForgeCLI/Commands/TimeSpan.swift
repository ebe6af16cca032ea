import ArgumentParser

/// A length of time as it is typed: `200ms`, `30s`, `5m`, `1h`.
struct TimeSpan: ExpressibleByArgument, Sendable, Hashable {
    let duration: Duration

    init(_ duration: Duration) { self.duration = duration }

    /// nil for anything else, for nothing at all, and for more than a day.
    init?(argument: String) {
        guard let match = argument.wholeMatch(of: /([0-9]{1,8})(ms|s|m|h)/), let number = Int(match.1) else { return nil }
        let milliseconds = number * ["ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000][String(match.2)]!
        guard (1...86_400_000).contains(milliseconds) else { return nil }
        duration = .milliseconds(milliseconds)
    }

    var defaultValueDescription: String { "\(duration.components.seconds)s" }
}
