import ForgeCore

/// What many requests at once met: how many were answered, how fast, and what went wrong with the others.
package struct LoadReport: Sendable, Hashable {
    /// Where the requests came from.
    package var host: String
    /// What was asked: `http://10.96.1.2:80/prediction/N`.
    package var address: String
    /// Requests under way at the same time.
    package var concurrency: Int
    /// From the first request to the end of the last.
    package var seconds: Double
    /// The times of answered requests, the shortest first; each is true to one per cent.
    package var times: [Times]
    /// Milliseconds of the slowest answer, as they were measured.
    package var longest: Double
    /// The most frequent first.
    package var failures: [Failure]

    package init(
        host: String, address: String, concurrency: Int, seconds: Double, times: [Times], longest: Double,
        failures: [Failure] = []
    ) {
        self.host = host
        self.address = address
        self.concurrency = concurrency
        self.seconds = seconds
        self.times = times
        self.longest = longest
        self.failures = failures
    }

    /// Answers that took the same time.
    package struct Times: Sendable, Hashable {
        /// The middle of the bucket that the answers were counted in.
        package var milliseconds: Double
        /// At most a billion, so that sums of them cannot overflow.
        package var count: Int

        package init(milliseconds: Double, count: Int) {
            self.milliseconds = milliseconds
            self.count = Int(Double(count), in: .counts)
        }
    }

    /// Requests without a right answer, for one reason.
    package struct Failure: Sendable, Hashable {
        /// The reason as a person says it: `status 503`, `could not connect`.
        package var kind: String
        /// At most a billion, so that sums of them cannot overflow.
        package var count: Int

        package init(kind: String, count: Int) {
            self.kind = kind
            self.count = Int(Double(count), in: .counts)
        }
    }
}

extension LoadReport {
    /// Requests that were answered with 200.
    package var answered: Int { times.reduce(0) { $0 + $1.count } }

    /// Requests without a right answer: with a status other than 200, cut off, or not made at all.
    package var failed: Int { failures.reduce(0) { $0 + $1.count } }

    /// Answered requests per second.
    package var throughput: Double { seconds > 0 ? Double(answered) / seconds : 0 }

    /// The milliseconds within which so many of a hundred answers came; nil where none came.
    package func percentile(_ hundredths: Int) -> Double? {
        var left = (answered * hundredths + 99) / 100
        for time in times {
            left -= time.count
            if left <= 0 { return min(time.milliseconds, longest) }
        }
        return nil
    }

    /// What failed, in words: `2 × status 503, 1 × could not connect`.
    package var failuresInWords: String { failures.map { "\($0.count) × \($0.kind)" }.joined(separator: ", ") }
}

/// Answers of a load, counted between round times: each bar about 1.4 times as far as the one before, as latencies
/// spread.
package struct LoadHistogram: Sendable, Hashable {
    /// From the fastest answers to the slowest, those between without any included.
    package let bars: [Bar]

    /// Answers whose time lies in `from..<to`.
    package struct Bar: Sendable, Hashable {
        /// Milliseconds.
        package var from: Double
        /// Milliseconds, not part of the bar.
        package var to: Double
        /// Answers; 0 for a bar between two others.
        package var count: Int

        package init(from: Double, to: Double, count: Int) {
            self.from = from
            self.to = to
            self.count = count
        }
    }

    package init(_ report: LoadReport) {
        var counts = Array(repeating: 0, count: Self.bounds.count - 1)
        for time in report.times {
            let place = Self.bounds.dropFirst().firstIndex { time.milliseconds < $0 } ?? counts.count
            counts[place - 1] += time.count
        }
        guard let first = counts.firstIndex(where: { $0 > 0 }), let last = counts.lastIndex(where: { $0 > 0 }) else {
            bars = []
            return
        }
        bars = (first...last).map { Bar(from: Self.bounds[$0], to: Self.bounds[$0 + 1], count: counts[$0]) }
    }

    /// The count of the longest bar.
    package var most: Int { bars.map(\.count).max() ?? 0 }

    /// 0, 0.1, 0.15, 0.2, 0.3, 0.5, 0.7, 1, 1.5 … 70000 ms; from whole microseconds, so that they are exact.
    private static let bounds: [Double] = {
        let decades = [100, 1000, 10_000, 100_000, 1_000_000, 10_000_000]
        return [0] + decades.flatMap { decade in [10, 15, 20, 30, 50, 70].map { Double(decade * $0 / 10) / 1000 } }
    }()
}
