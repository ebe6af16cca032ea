import ForgeCLI
import ForgePlan
import Foundation
import Testing

@Suite("A load that was made")
struct LoadTests {
    private static let report = LoadReport(
        host: "kubmaster", address: "http://10.96.1.2:80/prediction/N", concurrency: 8, seconds: 30.05,
        times: [
            .init(milliseconds: 1.4, count: 3), .init(milliseconds: 2.5, count: 9000),
            .init(milliseconds: 4.02, count: 2400),
            .init(milliseconds: 12, count: 590), .init(milliseconds: 40.4, count: 1),
        ], longest: 40.219)

    private static var failing: LoadReport {
        var report = report
        report.failures = [.init(kind: "status 503", count: 2), .init(kind: "could not connect", count: 1)]
        return report
    }

    private static let silent = LoadReport(
        host: "kubmaster", address: "http://10.96.1.2:80/prediction/N", concurrency: 8, seconds: 30.05, times: [],
        longest: 0,
        failures: [.init(kind: "could not connect", count: 70)])

    private func screen(_ report: LoadReport, columns: Int? = nil, hasColour: Bool = false) throws -> String {
        let scene = try Scene()
        let size = columns.map { TextStream.Size(columns: $0, rows: 20) }
        ScreenReporter(.init(action: "smoke-test", hasColour: hasColour), scene.surroundings(terminal: size)).report(
            .load(report))
        return scene.output.text
    }

    @Test("is drawn with its numbers and a bar for each span of time, in 80 columns")
    func drawn() throws {
        let text = try screen(Self.report)
        #expect(
            text == """

                load of 8 at once from kubmaster   30.1 s
                  11994 answered, 399.1 per second; none failed
                  p50 2.5 ms   p95 4.0 ms   p99 12.0 ms   longest 40.2 ms
                    1 – 1.5 ms     3  ▏
                  1.5 –   2 ms     0
                    2 –   3 ms  9000  █████████████████████████████████████████████████████████
                    3 –   5 ms  2400  ███████████████▎
                    5 –   7 ms     0
                    7 –  10 ms     0
                   10 –  15 ms   590  ███▊
                   15 –  20 ms     0
                   20 –  30 ms     0
                   30 –  50 ms     1  ▏

                """)
        #expect(text.split(separator: "\n").allSatisfy { $0.count < 80 })
        #expect(try screen(Self.report, columns: 200) == text, "longer bars would say no more")
    }

    @Test("is drawn on a narrow terminal with shorter bars")
    func narrow() throws {
        #expect(
            try screen(Self.failing, columns: 40) == """

                load of 8 at once from kubmaster   30.1 s
                  11994 answered, 399.1 per second; 3 failed: 2 × status 503, 1 × could not connect
                  p50 2.5 ms   p95 4.0 ms   p99 12.0 ms   longest 40.2 ms
                    1 – 1.5 ms     3  ▏
                  1.5 –   2 ms     0
                    2 –   3 ms  9000  █████████████████
                    3 –   5 ms  2400  ████▌
                    5 –   7 ms     0
                    7 –  10 ms     0
                   10 –  15 ms   590  █▏
                   15 –  20 ms     0
                   20 –  30 ms     0
                   30 –  50 ms     1  ▏

                """)
        let least = try screen(Self.report, columns: 10)
        #expect(least.contains("\n    2 –   3 ms  9000  █\n    3 –   5 ms  2400  ▎\n"), "\(least)")
    }

    @Test("without an answer has no times")
    func silent() throws {
        #expect(
            try screen(Self.silent) == """

                load of 8 at once from kubmaster   30.1 s
                  0 answered, 0.0 per second; 70 failed: 70 × could not connect

                """)
    }

    @Test("has colours on a terminal that wants them")
    func colours() throws {
        let text = try screen(Self.failing, columns: 80, hasColour: true)
        #expect(text.contains("\u{1B}[31m3 failed\u{1B}[0m: 2 × status 503, 1 × could not connect\n"))
        #expect(text.contains("  1 – 1.5 ms     3  \u{1B}[32m▏\u{1B}[0m\n"))
        #expect(!(try screen(Self.failing, columns: 80)).contains("\u{1B}"))
    }

    @Test("takes the line away that showed that it runs")
    func live() throws {
        let scene = try Scene()
        let screen = ScreenReporter(
            .init(action: "smoke-test", hasColour: false), scene.surroundings(terminal: .init(columns: 70, rows: 20)))
        screen.report(.stepBegan(host: "kubmaster", title: "8 concurrent requests for 30 s"))
        scene.pass(12)
        screen.redraw()
        screen.report(.load(Self.silent))
        screen.redraw()
        #expect(
            scene.progress.text
                == "  ⠋ kubmaster  8 concurrent requests for 30 s   0 s\n\r\u{1B}[1A\u{1B}[J"
                + "  ⠋ kubmaster  8 concurrent requests for 30 s   12 s\n\r\u{1B}[1A\u{1B}[J")
    }

    @Test("is an event of its own for programs")
    func json() throws {
        let scene = try Scene()
        JSONReporter(scene.surroundings).report(.load(Self.failing))
        JSONReporter(scene.surroundings).report(.load(Self.silent))
        #expect(
            scene.output.text == """
                {"event":"load","host":"kubmaster","address":"http://10.96.1.2:80/prediction/N","concurrency":8,\
                "seconds":30.050,"answered":11994,"failed":3,"perSecond":399.135,"milliseconds":{"p50":2.500,\
                "p95":4.020,"p99":12.000,"longest":40.219},"failures":[{"kind":"status 503","count":2},{"kind":"could \
                not connect","count":1}],"histogram":[{"from":1.000,"to":1.500,"count":3},{"from":1.500,"to":2.000,\
                "count":0},{"from":2.000,"to":3.000,"count":9000},{"from":3.000,"to":5.000,"count":2400},{"from":5.000,\
                "to":7.000,"count":0},{"from":7.000,"to":10.000,"count":0},{"from":10.000,"to":15.000,"count":590},{\
                "from":15.000,"to":20.000,"count":0},{"from":20.000,"to":30.000,"count":0},{"from":30.000,"to":50.000,\
                "count":1}]}
                {"event":"load","host":"kubmaster","address":"http://10.96.1.2:80/prediction/N","concurrency":8,\
                "seconds":30.050,"answered":0,"failed":70,"perSecond":0.000,"milliseconds":{"p50":null,"p95":null,\
                "p99":null,"longest":null},"failures":[{"kind":"could not connect","count":70}],"histogram":[]}

                """)
    }

    @Test("stands in the log as on the screen")
    func log() throws {
        let scene = try Scene()
        let file = try LogFile(action: "smoke-test", at: scene.surroundings.now(), in: scene.state)
        LogReporter(file, now: scene.surroundings.now).report(.load(Self.silent))
        #expect(
            try String(contentsOfFile: file.path, encoding: .utf8) == """
                09:12:03.000  load of 8 at once from kubmaster   30.1 s
                09:12:03.000    0 answered, 0.0 per second; 70 failed: 70 × could not connect

                """)
        let other = try LogFile(action: "smoke-test", at: scene.surroundings.now(), in: scene.state)
        LogReporter(other, now: scene.surroundings.now).report(.load(Self.report))
        let logged = try String(contentsOfFile: other.path, encoding: .utf8).replacing("09:12:03.000  ", with: "")
        #expect(try "\n" + logged == screen(Self.report))
    }

    private func written(_ name: String, _ report: LoadReport) throws -> String {
        let scene = try Scene()
        let file = try ReportFile(name, action: "smoke-test", scene.surroundings)
        for event in [.note("inventory lab.yaml"), .load(report), Event.summary(Summary(outcome: .ok, seconds: 1))] {
            file.report(event)
        }
        try file.write()
        return try String(contentsOfFile: scene.directory + "/desk/" + name, encoding: .utf8)
    }

    @Test("is told by JUnit's XML beside the checks")
    func junit() throws {
        let text = try written("smoke.xml", Self.silent)
        #expect(
            text.contains(
                """
                <system-out>inventory lab.yaml&#10;load of 8 at once from kubmaster   30.1 s&#10;  0 answered, 0.0 per \
                second; 70 failed: 70 × could not connect</system-out>
                """
            ), "\(text)")
    }

    @Test("is a part of the page, with bars that need no script")
    func page() throws {
        let page = try written("smoke.html", Self.failing)
        #expect(
            page.contains(
                """
                <h2>Load</h2>\n<p>8 requests at once to http://10.96.1.2:80/prediction/N from kubmaster, for 30.1 s.</p>
                """
            ))
        #expect(page.contains("<div><dt>answered</dt><dd>11994</dd></div>\n<div><dt>failed</dt><dd>3</dd></div>"))
        #expect(page.contains("<div><dt>per second</dt><dd>399.1</dd></div>"))
        #expect(page.contains("<div><dt>p50</dt><dd>2.5 ms</dd></div>\n<div><dt>p95</dt><dd>4.0 ms</dd></div>"))
        #expect(page.contains("<div><dt>p99</dt><dd>12.0 ms</dd></div>\n<div><dt>longest</dt><dd>40.2 ms</dd></div>"))
        #expect(page.contains("<p class=\"problem\">2 × status 503, 1 × could not connect</p>"))
        #expect(
            page.contains(
                """
                <tr><th scope=\"row\">3 – 5 ms</th><td><div style=\"width:26.7%\"></div></td><td \
                class=\"number\">2400</td></tr>
                """
            ))
        #expect(!page.contains("<script") && !page.contains("src=") && !page.contains("href="))
    }
}
