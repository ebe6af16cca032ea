/// Answers of a load, counted between round times: each bar about 1.4 times as far as the one before, as latencies
/// spread.
package struct LoadHistogram: Sendable, Hashable {
    /// From the fastest answers to the slowest, those between without any included.
    package let bars: [Bar]

    package struct Bar: Sendable, Hashable {
        /// Milliseconds.
        package var from: Double
        package var to: Double
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
