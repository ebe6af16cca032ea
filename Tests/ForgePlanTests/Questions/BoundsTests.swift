import ForgeCore
import Testing

@testable import ForgePlan

@Suite("A number of a machine")
struct BoundsTests {
    private func frame(_ text: String) -> String { "0 \(text.utf8.count)\n\(text)\n" }

    private func answers(_ text: String, to questions: [Question]) throws -> Answers {
        try QuestionScript(questions).answers(from: Array(text.utf8))
    }

    @Test("that is no file's is refused", arguments: [" 7", " -1", " 0 0", " 1 0", " 9223372036854775807", " x"])
    func files(indices: String) {
        let questions: [Question] = [.file("/a"), .file("/b")]
        let lines = Array(repeating: "regular file|644|root:root|1|1", count: indices.split(separator: " ").count)
            .joined(separator: "\n")
        #expect(throws: Frames.Broken.self) {
            try answers(frame(indices) + frame("") + frame(lines) + frame(""), to: questions)
        }
        let sums = Array(repeating: "a", count: indices.split(separator: " ").count).joined(separator: "\n")
        #expect(throws: Frames.Broken.self) {
            try answers(
                frame(" 0") + frame(indices) + frame("regular file|644|root:root|1|1") + frame(sums), to: questions)
        }
    }

    @Test("is a size, a time and a length, or it is none")
    func sizes() throws {
        for (size, time) in [("-1", "0"), ("0", "9223372036854775807"), ("99999999999999999999", "0")] {
            let state = frame("regular file|644|root:root|\(size)|\(time)")
            #expect(try answers(frame(" 0") + frame("") + state + frame(""), to: [.file("/a")]).file("/a") == nil)
        }
        for head in ["0 -1", "0 9223372036854775807", "0 4", "9223372036854775808 0", "0", ""] {
            #expect(throws: Frames.Broken.self) { try answers("\(head)\nabc\n", to: [.command("x")]) }
        }
    }

    @Test(
        "in a date is a year, a month, a day",
        arguments: [
            "Sat 9223372036854775807-11-21 11:10:54 UTC", "Sat 2026-0-21 11:10:54 UTC", "Sat 2026-13-21 11:10:54 UTC",
            "Sat 2026-11-99 11:10:54 UTC",
            "Sat 2026-11-21 9223372036854775807:10:54 UTC",
        ])
    func dates(text: String) {
        #expect(UnitSection.secondsSince1970(text) == nil)
    }

    @Test("of requests is added up, whatever it is")
    func load() {
        let times = (0..<1000).map { LoadReport.Times(milliseconds: Double($0), count: .max) }
        let report = LoadReport(
            host: "", address: "", concurrency: 1, seconds: 1, times: times, longest: 900,
            failures: [.init(kind: "x", count: .max), .init(kind: "y", count: .min)])
        #expect(report.answered == 1_000_000_000_000)
        #expect(report.failed == 1_000_000_000)
        #expect(report.percentile(50) == 499)
    }

    @Test("becomes the nearest within bounds")
    func bounds() {
        #expect(
            [2.5, -1, 1e300, -1e300, .nan, .infinity, -.infinity].map { Int($0, in: 0...10) } == [
                3, 0, 10, 0, 0, 10, 0,
            ])
        #expect(["5", "-1", "11", "1e1", "", "½"].map { Int($0, in: 0...10) } == [5, nil, nil, nil, nil, nil])
        #expect(
            ["5", "nan", "inf", "1e999", "-0.1", "x"].map { Double($0, in: 0...10) } == [5, nil, nil, nil, nil, nil])
    }
}
