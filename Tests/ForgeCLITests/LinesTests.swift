import ForgeCore
import ForgePlan
import Foundation
import Testing

@testable import ForgeCLI

@Suite("A line of the screen")
struct LinesTests {
    private static let plain = TextStyle(isOn: false)

    private func step(
        _ title: String, _ outcome: StepReport.Outcome, _ differences: [Difference] = [], columns: Int
    ) -> [String] {
        let report = Story.report("n", title, outcome, differences, seconds: 1)
        return StepLine(report: report, hostColumns: 1, columns: columns, style: Self.plain).lines
    }

    @Test(
        "of a step has its differences as long as there is room for something of them",
        arguments: [
            (38, "  ✓ n  t   (abcdefghijklmnop)   1.0 s"), (37, "  ✓ n  t   (abcdefghijklmn…)   1.0 s"),
            (29, "  ✓ n  t   (abcdef…)   1.0 s"), (28, "  ✓ n  t   1.0 s"),
        ])
    func differences(columns: Int, line: String) {
        #expect(step("t", .changed, ["abcdefghijklmnop"], columns: columns) == [line])
    }

    @Test(
        "of a step is cut in its title on a narrow terminal, and not in its host",
        arguments: [
            (26, "  ✓ n  abcdefghij   1.0 s"), (25, "  ✓ n  abcdefgh…   1.0 s"), (10, "  ✓ n  a…   1.0 s"),
        ])
    func title(columns: Int, line: String) {
        #expect(step("abcdefghij", .changed, columns: columns) == [line])
    }

    @Test("of a dry run becomes a list only where the differences do not fit")
    func dryRun() {
        let differences: [Difference] = ["abcdef", "ghijkl"]
        #expect(step("t", .wouldChange, differences, columns: 28) == ["  → n  t   (abcdef; ghijkl)"])
        #expect(
            step("t", .wouldChange, differences, columns: 27) == ["  → n  t", "       abcdef", "       ghijkl"])
    }

    @Test(
        "that ends a run counts in words",
        arguments: [
            (0, 0, "✓ smoke-test finished   2.0 s"), (1, 0, "✓ smoke-test finished: 1 check passed   2.0 s"),
            (2, 1, "✓ smoke-test finished: 2 checks passed, 1 check failed   2.0 s"),
            (0, 2, "✓ smoke-test finished: 2 checks failed   2.0 s"),
        ])
    func summary(passed: Int, failed: Int, line: String) {
        let end = SummaryLine(
            action: "smoke-test", isDryRun: false, summary: Summary(outcome: .ok, seconds: 2),
            checks: (passed: passed, failed: failed), style: Self.plain)
        #expect(end.text == line)
    }

    @Test("of a problem keeps an empty line between two others")
    func problem() {
        let text = ProblemText(problem: Problem(what: "a", why: "b\n\nc", fix: "d"))
        #expect(text.lines == ["✗ a", "  why  b", "       ", "       c", "  fix  d"])
    }

    private static let start = Date(timeIntervalSince1970: 0)

    /// Those of so many hosts with a step under way.
    private func live(_ hosts: Int, rows: Int) -> [String] {
        var lines = ProgressLines()
        for number in 0..<hosts { lines.begin("n\(number)", "t", at: Self.start) }
        let size = TextStream.Size(columns: 70, rows: rows)
        let text = lines.draw(in: size, hostColumns: 2, at: Self.start, Self.plain)
        return text.split(separator: "\n").map(String.init)
    }

    @Test("is drawn for twelve hosts at most, and for one at least")
    func limit() {
        #expect(live(12, rows: 50).count == 12)
        #expect(live(12, rows: 50).last == "  ⠋ n11  t   0 s")
        #expect(live(13, rows: 50).count == 13)
        #expect(live(13, rows: 50).last == "    … and 1 more")
        #expect(live(12, rows: 15).count == 12)
        #expect(live(2, rows: 3) == ["  ⠋ n0  t   0 s", "    … and 1 more"])
        #expect(live(2, rows: 0) == ["  ⠋ n0  t   0 s", "    … and 1 more"], "a terminal that does not say its rows")
    }

    @Test(
        "that is drawn shows what was printed last, where more than twelve columns are left",
        arguments: [(27, "  ⠋ n  t   0 s\n"), (28, "  ⠋ n  t   abcdefghi…   0 s\n")])
    func last(columns: Int, line: String) {
        var lines = ProgressLines()
        lines.begin("n", "t", at: Self.start)
        lines.say("n", "abcdefghijklmnop")
        lines.say("n", "\u{1B}[0m")
        let size = TextStream.Size(columns: columns, rows: 20)
        let drawn = lines.draw(in: size, hostColumns: 1, at: Self.start, Self.plain)
        #expect(drawn == line)
    }

    @Test(
        "that is drawn turns ten times a second, and counts from 0 where the clock was set back",
        arguments: [
            (0.0, "  ⠋ n  t   0 s\n"), (0.1, "  ⠙ n  t   0 s\n"), (0.9, "  ⠏ n  t   0 s\n"), (1, "  ⠋ n  t   1 s\n"),
            (-60, "  ⠋ n  t   0 s\n"),
        ])
    func wheel(seconds: Double, line: String) {
        var lines = ProgressLines()
        lines.begin("n", "t", at: Self.start)
        let (size, time) = (TextStream.Size(columns: 70, rows: 20), Self.start.addingTimeInterval(seconds))
        let drawn = lines.draw(in: size, hostColumns: 1, at: time, Self.plain)
        #expect(drawn == line)
    }

    @Test(
        "of a check divides the width of the terminal between the check and both answers",
        arguments: [
            (
                nil,
                """
                check                                               expected                          got      \
                                               ms
                """, 50, 32
            ),
            (79, "check                    expected            got                       ms", 23, 18),
            (30, "check             expected  got             ms", 16, 8),
        ] as [(Int?, String, Int, Int)])
    func check(columns: Int?, header: String, name: Int, value: Int) {
        let table = CheckTable(columns: columns, style: Self.plain)
        #expect(table.header == "    " + header)
        let text = String(repeating: "x", count: 60)
        let report = CheckReport(name: text, isPassed: true, expected: text, got: text, milliseconds: 2.14)
        let cells = [name, value, value].map { String(repeating: "x", count: $0 - 1) + "…" }
        #expect(table.lines(report) == ["  ✓ " + cells.joined(separator: "  ") + "       2.1"])
    }

    @Test(
        "of a check has the time of its request, where it made one",
        arguments: [(0, "        "), (0.5, "     0.5"), (123_456.7, "123456.7"), (1_234_567.8, "1234567.8")])
    func milliseconds(time: Double, text: String) {
        let report = CheckReport(name: "n", isPassed: true, expected: "e", got: "g", milliseconds: time)
        let line = CheckTable(columns: 30, style: Self.plain).lines(report)
        #expect(line == ["  ✓ n                 e         g         " + text])
    }

    @Test(
        "of a load has times as exact as they were measured",
        arguments: [
            (0.42, "0.42"), (0.999, "1.00"), (1, "1.0"), (3.14, "3.1"), (99.94, "99.9"), (100, "100"),
            (100.4, "100"), (204.3, "204"),
        ])
    func shown(milliseconds: Double, text: String) {
        #expect(LoadChart.shown(milliseconds) == text)
    }

    @Test(
        "of a load has round bounds without zeros at their ends",
        arguments: [(0.15, "0.15"), (1.5, "1.5"), (20, "20")])
    func bound(milliseconds: Double, text: String) {
        #expect(LoadChart.bound(milliseconds) == text)
    }
}
