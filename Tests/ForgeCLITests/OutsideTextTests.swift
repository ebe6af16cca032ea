import ForgeCore
import ForgePlan
import ForgeTestSupport
import Foundation
import Testing

@testable import ForgeCLI

/// What machines, pods, peers and files might say to a terminal, a page or a log.
private let hostile: [(name: String, text: String)] = [
    ("clears the screen", "a\u{1B}[2J\u{1B}[Hb"), ("sets the title", "a\u{1B}]0;owned\u{7}b"),
    ("sends a device control string", "a\u{1B}Pq#0\u{1B}\\b"),
    ("asks the terminal to answer", "a\u{1B}[6n\u{1B}[cb"), ("has a lone escape", "a\u{1B}"),
    ("has C1 controls", "a\u{9B}2J\u{9D}x\u{9C}b"),
    ("overwrites its line", "harmless\rroot:x:0"), ("rings, steps back and tabs", "a\u{7}\u{8}\u{8}b\u{B}\u{C}"),
    ("ends with NUL and DEL", "a\u{0}\u{7F}"),
    ("turns the direction", "a\u{202A}\u{202B}\u{202C}\u{202D}\u{202E}b\u{2066}\u{2067}\u{2068}\u{2069}"),
    ("hides between letters", "ad\u{200B}\u{200C}\u{200D}\u{2060}min\u{FEFF}"),
    ("marks directions", "a\u{200E}\u{200F}\u{61C}b"), ("is of tags", "a\u{E0041}\u{E007F}b"),
    ("has fillers", "a\u{3164}\u{115F}\u{2800}\u{AD}\u{180E}b"),
    ("separates lines otherwise", "a\u{2028}b\u{2029}c\u{85}d"), ("is markup", "<script>alert(1)</script>&\"'"),
    ("is an annotation", "\u{FFF9}a\u{FFFA}b\u{FFFB}"),
    ("holds a token", "token abcdef.0123456789abcdef is made"),
]

/// An event of each kind, with the text in each of its strings.
func eventsOfEveryKind(_ text: String) -> [Event] {
    let problem = Problem(what: text, why: text, fix: text)
    let step = { (outcome: StepReport.Outcome) in
        Event.step(
            StepReport(
                stage: text, host: text, title: text, outcome: outcome, differences: [Difference(text)], seconds: 1,
                problem: outcome == .failed ? problem : nil))
    }
    return [
        .note(text), .stageBegan(text), .stepBegan(host: text, title: text),
        .output(host: text, OutputLine(stream: .standardOutput, text: text)),
        .output(host: text, OutputLine(stream: .standardError, text: text)), step(.unchanged), step(.changed),
        step(.wouldChange),
        step(.failed),
        .check(CheckReport(name: text, isPassed: true, expected: text, got: text, milliseconds: .nan)),
        .check(CheckReport(name: text, isPassed: false, expected: text, got: text, milliseconds: .infinity)),
        .confusion(ConfusionMatrix(model: text, classes: [text, text], counts: [[1, 0], [0, 1]])),
        .table(Table(of: text, columns: [.init(text, text)], rows: [[text]])),
        .table(Table(of: text, columns: [.init(text, text)], rows: [])),
        .load(
            LoadReport(
                host: text, address: text, concurrency: 1, seconds: .infinity,
                times: [.init(milliseconds: .nan, count: .max), .init(milliseconds: 1, count: -1)],
                longest: .infinity, failures: [.init(kind: text, count: .max)])),
        .podLine(PodLine(pod: text, text: text)), .problem(problem, host: text), .problem(problem, host: nil),
        .summary(Summary(outcome: .failed, hosts: [text: HostSummary()], seconds: .nan)),
    ]
}

/// A case that is new in Event does not compile here, and then wants a line in `eventsOfEveryKind`.
func kind(of event: Event) -> String {
    switch event {
    case .note: "note"
    case .stageBegan: "stageBegan"
    case .stepBegan: "stepBegan"
    case .output: "output"
    case .step: "step"
    case .check: "check"
    case .confusion: "confusion"
    case .table: "table"
    case .load: "load"
    case .podLine: "podLine"
    case .problem: "problem"
    case .summary: "summary"
    }
}

@Suite("Text from outside")
struct OutsideTextTests {
    /// Newlines are layout, and tabs harm nobody.
    private func hidden(_ text: String) -> [String] {
        text.unicodeScalars.filter { $0 != "\n" && $0.isHidden }.map { String($0.value, radix: 16) }
    }

    private func told(_ text: String, _ make: (ProcessEnvironment) throws -> any Reporter) throws -> String {
        let scene = try Scene()
        let reporter = RedactingReporter(try make(scene.surroundings))
        for event in eventsOfEveryKind(text) { reporter.report(event) }
        return scene.output.text + scene.progress.text
    }

    @Test("of each kind of event is tried here")
    func complete() {
        #expect(Set(eventsOfEveryKind("x").map(kind)).count == 12)
        // Each string of each event is changed: none is left as it was.
        for event in eventsOfEveryKind("before") {
            #expect(!"\(event.mapTexts { _ in "after" })".contains("before"), "\(kind(of: event))")
        }
    }

    @Test("does nothing to a terminal, and hides nothing", arguments: hostile.indices)
    func screen(index: Int) throws {
        for detail in [ScreenReporter.Detail.quiet, .normal, .verbose] {
            for isDryRun in [true, false] {
                let settings = ScreenReporter.Settings(
                    action: "provision", isDryRun: isDryRun, detail: detail, hasColour: false)
                let text = try told(hostile[index].text) { ScreenReporter(settings, $0) }
                #expect(hidden(text) == [], "\(hostile[index].name)")
                #expect(!text.contains("0123456789abcdef"))
            }
        }
    }

    @Test(
        "is the same text for a program that reads JSON, in letters that every terminal shows",
        arguments: hostile.indices)
    func json(index: Int) throws {
        let text = try told(hostile[index].text) { JSONReporter($0) }
        #expect(hidden(text) == [], "\(hostile[index].name)")
        let scene = try Scene()
        JSONReporter(scene.surroundings).report(.podLine(PodLine(pod: "p", text: hostile[index].text)))
        let line = try JSONSerialization.jsonObject(with: Data(scene.output.text.utf8)) as? [String: Any]
        #expect(
            (line?["line"] as? String).map { Array($0.unicodeScalars) } == Array(hostile[index].text.unicodeScalars))
        #expect(!text.contains("0123456789abcdef"))
    }

    @Test("is harmless in a log", arguments: hostile.indices)
    func log(index: Int) throws {
        let scene = try Scene()
        let log = LogReporter(
            try LogFile(action: "deploy", at: scene.surroundings.now(), in: scene.state), now: scene.surroundings.now,
            keepsPodLines: true)
        let reporter = RedactingReporter(log)
        for event in eventsOfEveryKind(hostile[index].text) { reporter.report(event) }
        log.write(hostile[index].text.withoutTokens)
        let text = try String(contentsOfFile: log.path, encoding: .utf8)
        #expect(hidden(text) == [], "\(hostile[index].name)")
        #expect(!text.contains("0123456789abcdef"))
    }

    @Test("is harmless on a page and in JUnit's XML", arguments: hostile.indices)
    func reports(index: Int) throws {
        for format in ["html", "xml"] {
            let scene = try Scene()
            let report = try ReportFile("r.\(format)", action: "smoke-test", scene.surroundings)
            let reporter = RedactingReporter(report)
            for event in eventsOfEveryKind(hostile[index].text) { reporter.report(event) }
            try report.write()
            let text = try String(contentsOfFile: scene.directory + "/desk/r.\(format)", encoding: .utf8)
            #expect(hidden(text) == [], "\(hostile[index].name)")
            #expect(!text.contains("<script>"))
            #expect(!text.contains("0123456789abcdef"))
            if format == "xml" { #expect(throws: Never.self) { try XML.check(text) } }
        }
    }

    @Test("is harmless in a chart, and in the words of the program itself", arguments: hostile.indices)
    func rest(index: Int) throws {
        let text = hostile[index].text
        #expect(hidden(text.readable) == [])
        #expect(text.readable.readable == text.readable)
        let problem = ProblemText(problem: Problem(what: text, why: text, fix: text).mapTexts(\.readable))
        #expect(hidden(problem.lines.joined()) == [])
        let report = LoadReport(
            host: text, address: text, concurrency: 1, seconds: 1, times: [], longest: 0,
            failures: [.init(kind: text, count: 1)])
        guard case .load(let load) = Event.load(report).mapTexts(\.readable) else {
            Issue.record("a load became another event")
            return
        }
        #expect(hidden(LoadChart(report: load).lines.joined()) == [])
    }

    @Test("stays as it is where nothing is hidden in it, in every writing")
    func plain() {
        for text in [
            "", "a\tb\nc", "größer → 1.36.2 ✓ ⠋ █▏", "日本語 Ελλάδα العربية עברית हिन्दी", "é e\u{301} 👍 🇩🇪", "a\u{A0}b",
        ] {
            #expect(text.readable == text)
        }
        #expect("a\r\nb\r\n".readable == "a\nb\n")
        #expect("50 %\r100 %".readable == "100 %")
        #expect("ad\u{200B}min".readable == "ad\\u{200B}min")
        #expect(String(repeating: "x", count: 30_000).readable.count == 20_002)
        #expect(String(repeating: "x\n", count: 30_000).readable.split(separator: "\n").count == 2_000)
    }

    @Test(
        "is shown without sequences that only a terminal reads, and what is hidden is named",
        arguments: [
            ("a\u{1B}[0mb", "ab"), ("a\u{9B}0;1mb", "ab"), ("a\u{1B}(0b", "ab"), ("a\u{1B}7b", "ab"),
            ("a\u{1B}]0;t\u{7}b", "ab"), ("a\u{1B}]0;t\u{1B}\\b", "ab"), ("a\u{1B}Pq#0\u{1B}\\b", "ab"),
            ("a\u{90}t\u{9C}b", "ab"), ("a\u{98}t\u{9C}b", "ab"), ("a\u{9D}t\u{9C}b", "ab"),
            ("a\u{9E}t\u{9C}b", "ab"), ("a\u{9F}t\u{9C}b", "ab"), ("a\u{1B}", "a\\u{1B}"),
            ("a\u{2800}b", "a\\u{2800}b"), ("a\u{3164}b", "a\\u{3164}b"), ("a\u{7}\n\nb", "a\\u{7}\n\nb"),
        ])
    func sequences(text: String, shown: String) {
        #expect(text.readable == shown)
    }

    @Test("is cut in lines of more than 20,000 characters, and in no others")
    func longest() {
        let line = String(repeating: "x", count: 20_000)
        #expect((line + "\nb").readable == line + "\nb")
        #expect((line + "x\nb").readable == line + " …\nb")
    }

    @Test("that would fill the log is counted, and the end says so")
    func log() throws {
        let scene = try Scene()
        let log = LogReporter(
            try LogFile(action: "deploy", at: scene.surroundings.now(), in: scene.state), now: scene.surroundings.now,
            limit: 1 << 20)
        for _ in 0..<200 {
            log.report(
                .output(host: "m", OutputLine(stream: .standardOutput, text: String(repeating: "y", count: 10_000))))
        }
        log.report(.step(Story.report("m", "containerd is installed", .changed)))
        log.report(.summary(Summary(outcome: .ok)))
        let text = try String(contentsOfFile: log.path, encoding: .utf8)
        #expect(text.utf8.count < (1 << 20) + 20_000)
        #expect(text.contains("containerd is installed"))
        #expect(log.loss == "95 lines that programs printed are not in the log, which has reached 1 MiB")
        #expect(text.contains("95 lines that programs printed"))
    }
}

/// Whether it is well formed, as a parser of XML sees it.
private enum XML {
    struct Broken: Error {}

    static func check(_ text: String) throws {
        var depth = 0
        for tag in text.matches(of: /<(\/?)([A-Za-z-]+)[^<>]*?(\/?)>/) where tag.2 != "xml" {
            if tag.3 == "/" { continue }
            depth += tag.1 == "/" ? -1 : 1
            if depth < 0 { throw Broken() }
        }
        if depth != 0 || text.contains(/&(?!(amp|lt|gt|quot|#\d+);)/) { throw Broken() }
    }
}

@Suite("Fuzz: what is shown")
struct FuzzTests {
    @Test("every reporter takes any text")
    func reporters() throws {
        let scene = try Scene()
        let screen = ScreenReporter(
            .init(action: "x", detail: .verbose, hasColour: false),
            scene.surroundings(terminal: .init(columns: 60, rows: 20)))
        let json = JSONReporter(scene.surroundings)
        try Fuzz("what is shown", samples: hostile.map(\.text) + ["kubmaster: `apt-get` failed"]).run { input in
            let text = input.text
            _ = (
                text.readable.unicodeScalars.count, text.printable, text.oneLine, text.cut(to: 20), text.escaped,
                text.withoutTokens
            )
            if input.choice(200) == 0 {
                for event in eventsOfEveryKind(text) { CompositeReporter([screen, json]).report(event) }
            }
            guard !text.readable.unicodeScalars.contains(where: { $0 != "\n" && $0 != "\t" && $0.isHidden }) else {
                fatalError("hidden: \(text.debugDescription)")
            }
            return text.readable.contains("apt-get")
        }
    }
}
