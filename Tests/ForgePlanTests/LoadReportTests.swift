import ForgePlan
import Testing

@Suite("A load's report")
struct LoadReportTests {
    private func report(_ times: [(Double, Int)], longest: Double = 1000) -> LoadReport {
        LoadReport(
            host: "kubmaster", address: "http://10.96.1.2:80/prediction/N", concurrency: 8, seconds: 2,
            times: times.map { LoadReport.Times(milliseconds: $0.0, count: $0.1) }, longest: longest)
    }

    @Test("counts percentiles by rank: of 100 answers the 95th, of 3 the last")
    func percentiles() {
        let hundred = report((1...100).map { (Double($0), 1) })
        #expect([1, 50, 95, 99, 100].map { hundred.percentile($0) } == [1, 50, 95, 99, 100])
        let three = report([(1, 1), (2, 1), (9, 1)])
        #expect([33, 34, 50, 66, 67, 95].map { three.percentile($0) } == [1, 2, 2, 2, 9, 9])
        let many = report([(2, 95), (7, 4), (80, 1)])
        #expect([50, 95, 96, 99, 100].map { many.percentile($0) } == [2, 2, 7, 7, 80])
    }

    @Test("has no percentile above the longest answer, and none at all without answers")
    func bounds() {
        #expect(report([(10.1, 3)], longest: 10.05).percentile(99) == 10.05)
        #expect(report([]).percentile(50) == nil)
        #expect(report([]).throughput == 0)
        #expect(report([(1, 3)]).throughput == 1.5)
        var short = report([(1, 3)])
        let rates = [0, 0.5, 1].map { seconds in
            short.seconds = seconds
            return short.throughput
        }
        #expect(rates == [0, 6, 3])
    }

    @Test("says failures in words")
    func failures() {
        var report = report([(1, 3)])
        report.failures = [.init(kind: "status 503", count: 2), .init(kind: "could not connect", count: 1)]
        #expect(report.failed == 3)
        #expect(report.failuresInWords == "2 × status 503, 1 × could not connect")
    }

    @Test("as a histogram goes from the fastest to the slowest answer between round times")
    func histogram() {
        let bars = LoadHistogram(report([(2.99, 5), (3, 7), (4.9, 1), (16, 2)])).bars
        #expect(bars.map(\.from) == [2, 3, 5, 7, 10, 15])
        #expect(bars.map(\.to) == [3, 5, 7, 10, 15, 20])
        #expect(bars.map(\.count) == [5, 8, 0, 0, 0, 2])
        #expect(LoadHistogram(report([(2.5, 1)])).bars == [.init(from: 2, to: 3, count: 1)])
    }

    @Test("as a histogram has a place for the fastest and the slowest there can be")
    func extremes() {
        let histogram = LoadHistogram(report([(0, 1), (0.09, 1), (99_999, 1)]))
        #expect(histogram.bars.first == .init(from: 0, to: 0.1, count: 2))
        #expect(histogram.bars.last == .init(from: 50_000, to: 70_000, count: 1))
        #expect(histogram.most == 2)
        let round = [
            0, 0.1, 0.15, 0.2, 0.3, 0.5, 0.7, 1, 1.5, 2, 3, 5, 7, 10, 15, 20, 30, 50, 70, 100, 150, 200, 300, 500, 700,
            1000, 1500, 2000, 3000, 5000, 7000, 10_000, 15_000, 20_000, 30_000, 50_000,
        ]
        #expect(histogram.bars.map(\.from) == round)
        #expect(LoadHistogram(report([])).bars == [])
        #expect(LoadHistogram(report([])).most == 0)
    }
}

@Suite("A confusion matrix")
struct ConfusionMatrixTests {
    @Test(
        "knows its rows, and the share of them in which the model is right",
        arguments: [
            ([[3, 1], [2, 4]], 10, 0.7), ([[1]], 1, 1), ([[0, 2], [0, 0]], 2, 0), ([[0]], 0, 0), ([], 0, 0),
        ] as [([[Int]], Int, Double)])
    func share(counts: [[Int]], rows: Int, accuracy: Double) {
        let matrix = ConfusionMatrix(model: "lda", classes: ["A", "B"], counts: counts)
        #expect(matrix.rows == rows)
        #expect(matrix.accuracy == accuracy)
    }
}
