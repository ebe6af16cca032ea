import ForgeCLI
import ForgeCore
import ForgePlan
import Foundation
import Testing

@Suite("A report")
struct ReportTests {
    private static let events: [Event] = [
        .note("inventory lab.yaml"),
        .check(CheckReport(name: "/score", isPassed: true, expected: "lda 0.87", got: "lda 0.87", milliseconds: 2.1)),
        .check(
            CheckReport(
                name: "/line/<1>", isPassed: false, expected: "\"A\" & B", got: "C\u{0}\u{1B}", milliseconds: 12.34)),
        .confusion(ConfusionMatrix(model: "lda", classes: ["A", "<B>"], counts: [[3, 1], [0, 0]])),
        .problem(Problem(what: "kubnode is gone", why: "no route"), host: "kubnode"),
        .summary(Summary(outcome: .failed, seconds: 1.25)),
        .note("next  see above"),
    ]

    private func written(_ name: String, _ events: [Event] = events) throws -> (text: String, path: String) {
        let scene = try Scene()
        let file = try ReportFile(name, action: "smoke-test", scene.surroundings)
        for event in events { file.report(event) }
        try file.write()
        let path = scene.directory + "/desk/" + name
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: scene.directory + "/desk") == [name],
            "nothing unfinished is left")
        return (try String(contentsOfFile: path, encoding: .utf8), path)
    }

    @Test("in JUnit's XML has a case for each check and an error for each problem")
    func junit() throws {
        #expect(
            try written("smoke.xml").text == """
                <?xml version="1.0" encoding="UTF-8"?>
                <testsuites>
                  <testsuite name="kubeforge smoke-test" tests="3" failures="1" errors="1" skipped="0" time="1.250" \
                timestamp="2026-11-21T09:12:03">
                    <testcase classname="smoke-test" name="/score" time="0.0021"/>
                    <testcase classname="smoke-test" name="/line/&lt;1&gt;" time="0.0123">
                      <failure message="C\\u{0}\\u{1B}">expected &quot;A&quot; &amp; B&#10;got      \
                C\\u{0}\\u{1B}</failure>
                    </testcase>
                    <testcase classname="smoke-test" name="kubnode is gone" time="0">
                      <error message="kubnode is gone">kubnode is gone&#10;  why  no route</error>
                    </testcase>
                    <system-out>inventory lab.yaml</system-out>
                  </testsuite>
                </testsuites>

                """)
    }

    @Test("in XML is well formed, whatever a service answered")
    func wellFormed() throws {
        let nasty = String(String.UnicodeScalarView((0...0x2FF).compactMap(Unicode.Scalar.init))) + "]]>\u{FFFE}"
        let check = CheckReport(name: nasty, isPassed: false, expected: nasty, got: nasty, milliseconds: 1)
        let text = try written("smoke.xml", [.check(check), .note(nasty)]).text
        let allowed = text.unicodeScalars.allSatisfy { $0 >= " " || "\t\n\r".unicodeScalars.contains($0) }
        #expect(allowed && !text.contains("]]>") && !text.unicodeScalars.contains("\u{FFFE}"))
    }

    @Test("as a page shows failed checks first, problems and the matrix, and nothing unescaped")
    func page() throws {
        let page = try written("smoke.html").text
        #expect(page.contains(#"<h1 class="failed">✗ smoke-test: 1 passed, 1 failed</h1>"#))
        let failed =
            #"<tr class="failed"><td class="mark">✗</td><td>/line/&lt;1&gt;</td><td>&quot;A&quot; &amp; B</td>"#
        let (first, second) = (
            page.range(of: failed), page.range(of: #"<tr class="passed"><td class="mark">✓</td><td>/score</td>"#)
        )
        #expect(try #require(first).lowerBound < (try #require(second)).lowerBound)
        #expect(page.contains("<pre class=\"problem\">kubnode is gone&#10;  why  no route</pre>"))
        #expect(page.contains("<h2>lda: 0.750 on 4 test rows</h2>"))
        #expect(
            page.contains(
                #"""
                <tr><th scope="row">A</th><td style="background:rgba(26,128,64,0.62)">3</td><td \#
                style="background:rgba(208,32,48,0.28)">1</td></tr>
                """#
            ))
        #expect(page.contains(#"<th scope="col">&lt;B&gt;</th>"#))
        #expect(!page.contains("next  see above"), "what a terminal says next is none of the report's")
        #expect(!page.contains("<script") && !page.contains("http"), "it needs nothing beside itself")
    }

    @Test("as a page counts only what there is, and shows a time only where one was measured")
    func passedPage() throws {
        let matrix = ConfusionMatrix(model: "lda", classes: ["A", "B"], counts: [[1, 0], [1, 1]])
        let score = CheckReport(name: "score", isPassed: true, expected: "0.5", got: "0.9", milliseconds: 0)
        let page = try written(
            "smoke.html", [.check(score), .confusion(matrix), .summary(Summary(outcome: .ok, seconds: 1))]
        ).text
        #expect(page.contains(#"<h1 class="passed">✓ smoke-test: 1 passed</h1>"#))
        #expect(page.contains(#"<td>0.9</td><td class="number"></td></tr>"#))
        #expect(page.contains(#"<td style="background:rgba(26,128,64,0.80)">1</td><td class="zero">0</td></tr>"#))
        let nothing = try written("smoke.html", [.summary(Summary(outcome: .ok))]).text
        #expect(nothing.contains(#"<h1 class="passed">✓ smoke-test: nothing was checked</h1>"#))
    }

    @Test("replaces an older one as a whole")
    func replaces() throws {
        let scene = try Scene()
        try scene.write(String(repeating: "old", count: 100_000), to: "desk/smoke.xml")
        let file = try ReportFile("smoke.xml", action: "smoke-test", scene.surroundings)
        let path = scene.directory + "/desk/smoke.xml"
        let old = try FileManager.default.attributesOfItem(atPath: path)[.systemFileNumber] as? Int
        try file.write()
        #expect(try !String(contentsOfFile: path, encoding: .utf8).contains("old"))
        #expect(
            try FileManager.default.attributesOfItem(atPath: path)[.systemFileNumber] as? Int != old,
            "a new file took its name")
    }

    @Test("refuses a directory that is not there before anything is asked")
    func noDirectory() throws {
        let scene = try Scene()
        let error = #expect(throws: Problem.self) {
            try ReportFile("no where/smoke.xml", action: "smoke-test", scene.surroundings)
        }
        #expect(
            error?.description == """
                the report no where/smoke.xml cannot be written
                  why  there is no directory \(scene.directory)/desk/no where
                  fix  mkdir -p '\(scene.directory)/desk/no where'
                """)
        #expect(error?.kind == .usage)
    }

    @Test("is written by the program, also when the inventory is wrong")
    func program() async throws {
        let scene = try Scene()
        let result = try await Binary.run(
            ["smoke-test", "nowhere.yaml", "--report", "a.xml", "--report", "b.html"], in: scene)
        #expect(result.code == 3)
        #expect(try String(contentsOfFile: scene.directory + "/desk/a.xml", encoding: .utf8).contains(#"errors="1""#))
        #expect(scene.exists("desk/b.html"))
    }
}
