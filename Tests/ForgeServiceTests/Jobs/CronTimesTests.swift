import Foundation
import Testing

@testable import ForgeService

@Suite("The times of a schedule")
struct CronTimesTests {
    /// A Saturday.
    private let now = Date(kubernetes: "2026-11-21T15:17:32Z")!

    @Test(
        "come next as Kubernetes counts them",
        arguments: [
            ("0 2 * * *", "2026-11-22T02:00:00Z"), ("*/15 * * * *", "2026-11-21T15:30:00Z"),
            ("17 15 * * *", "2026-11-22T15:17:00Z"),
            ("5/20 9-17 * * mon-fri", "2026-11-23T09:05:00Z"), ("0 0 29 2 *", "2028-02-29T00:00:00Z"),
            ("@hourly", "2026-11-21T16:00:00Z"), ("@weekly", "2026-11-22T00:00:00Z"),
            ("0 3 1 jan,jul *", "2027-01-01T03:00:00Z"),
            // Both days given: either is enough.
            ("0 4 13 * 1", "2026-11-23T04:00:00Z"),
        ])
    func next(text: String, expected: String) throws {
        #expect(try #require(CronTimes(text)).next(after: now, in: .gmt)?.formatted(.iso8601) == expected)
    }

    @Test("come after the moment, never at it")
    func after() throws {
        let quarter = try #require(Date(kubernetes: "2026-11-21T15:30:00Z"))
        let times = try #require(CronTimes("*/15 * * * *"))
        #expect(times.next(after: quarter, in: .gmt) == Date(kubernetes: "2026-11-21T15:45:00Z"))
    }

    @Test("follow the schedule's own time zone")
    func zone() throws {
        let berlin = try #require(TimeZone(identifier: "Europe/Berlin"))
        #expect(
            try #require(CronTimes("0 2 * * *")).next(after: now, in: berlin)
                == Date(kubernetes: "2026-11-22T01:00:00Z"))
    }

    @Test(
        "are not told of what is no schedule, or never comes",
        arguments: [
            "0 0 30 2 *", "", "@every 1h", "* * * *", "61 * * * *", "*/0 * * * *", "5-1 * * * *", "1,,2 * * * *",
        ])
    func unknown(text: String) { #expect(CronTimes(text) == nil) }
}
