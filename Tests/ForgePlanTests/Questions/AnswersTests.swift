import ForgeCore
import ForgeTestSupport
import Testing

@testable import ForgePlan

@Suite("A number of a machine")
struct BoundsTests {
    private func frame(_ text: String) -> String { "0 \(text.utf8.count)\n\(text)\n" }

    private func answers(_ text: String, to questions: [Question]) throws -> Answers {
        try QuestionScript(questions).answers(from: Array(text.utf8))
    }

    @Test(
        "that is no file's is refused",
        arguments: [" 7", " 3", " -1", " 0 0", " 1 0", " 0 2 1", " 9223372036854775807", " x"])
    func files(indices: String) {
        let questions: [Question] = [.file("/a"), .file("/b"), .file("/c")]
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
        let empty = frame("regular file||644|root:root|1|1")
        #expect(try answers(frame(" 0") + frame("") + empty + frame(""), to: [.file("/a")]).file("/a") == nil)
        for head in ["0 -1", "0 9223372036854775807", "0 4", "9223372036854775808 0", "0", ""] {
            #expect(throws: Frames.Broken.self) { try answers("\(head)\nabc\n", to: [.command("x")]) }
        }
    }

    @Test(
        "in a date is a year, a month, a day",
        arguments: [
            "Sat 9223372036854775807-11-21 11:10:54 UTC", "Sat 2026-0-21 11:10:54 UTC", "Sat 2026-13-21 11:10:54 UTC",
            "Sat 2026-11-99 11:10:54 UTC", "Wed 1969-12-31 23:59:59 UTC", "Sat 10000-01-01 00:00:00 UTC",
            "Sat 2026-11-00 11:10:54 UTC", "Sat 2026-11-32 11:10:54 UTC", "Sat 2026-11-21 24:10:54 UTC",
            "Sat 2026-11-21 11:60:54 UTC", "Sat 2026-11-21 11:10:61 UTC",
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

@Suite("What a host answered")
struct AnswersTests {
    @Test("of a file is its mode where it is a regular one")
    func mode() {
        let answers = Answers([
            .file("/file"): .file(FileState(mode: 0o600)),
            .file("/link"): .file(FileState(kind: .symlink, mode: 0o777)),
        ])
        #expect(answers.mode("/file") == 0o600)
        #expect(answers.mode("/link") == nil)
        #expect(answers.mode("/nowhere") == nil)
    }

    @Test("of a file of which no more is told is an empty one of root's")
    func file() {
        let literal = FileState(
            kind: .regular, mode: 0o644, owner: "root:root", size: 0, sha256: nil, modified: 0, written: [])
        #expect(FileState() == literal)
    }

    @Test("may be edited where it is the whole file, and no byte is lost")
    func editable() {
        let bytes: [UInt8] = [0x68, 0xe4, 0xff, 0x0a]
        func text(_ sha256: String) -> String? {
            let file = FileState(sha256: sha256)
            return Answers([.contents("/a"): .contents(bytes), .file("/a"): .file(file)]).editable("/a")
        }
        let whole = text(SHA256.hex(bytes))
        #expect(whole == "h\u{e4}\u{ff}\n")
        #expect([UInt8](edited: whole ?? "") == bytes)
        #expect(text(SHA256.hex("more")) == nil)
    }

    @Test("has lines, empty ones included, to be written back as they are or to be read")
    func lines() {
        #expect("a\n\nb\r\n\rc\n".unixLines == ["a", "", "b\r", "\rc", ""])
        #expect("a\n\nb\r\n\rc\n".linesToRead == ["a", "", "b", "\rc", ""])
    }
}
