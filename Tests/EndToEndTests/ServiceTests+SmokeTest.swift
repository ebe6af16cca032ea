import Foundation
import Testing

/// The smoke test with its gates and reports.
extension ServiceTests {
    @Test("passes a smoke test with a load and every gate, and the reports are well formed")
    func gates() async throws {
        let (xml, html) = (lab.directory.appending(path: "smoke.xml"), lab.directory.appending(path: "smoke.html"))
        let run = try await lab.kubeforge(
            "smoke-test", lab.inventory.path, "--rows", "50", "--load", "5s", "--concurrency", "8", "--max-p95", "5s",
            "--min-score", "0.3",
            "--report", xml.path(), "--report", html.path(), "--output", "json")
        #expect(run.exitCode == 0, "\(run.everything)")
        let checks = try run.events("check")
        #expect(checks.count > 110 && checks.allSatisfy { $0.outcome == "passed" }, "\(run.everything)")

        let report = try await lab.python(Self.failures, xml.path())
        #expect(report.output == "0 of \(checks.count)\n", "\(report.everything)")
        let page = try await lab.python(Self.tagsMatch, html.path())
        #expect(page.output == "2 tables of 26 classes\n", "\(page.everything)")
    }

    @Test(
        "fails a smoke test by a gate alone that cannot be met",
        arguments: [
            (["--load", "2s", "--max-p95", "1ms"], ["load: p95 at most 1 ms"]),
            (["--min-score", "1"], ["score of lda", "score of mlp"]),
        ])
    func gate(options: [String], failed: [String]) async throws {
        let xml = lab.directory.appending(path: "failed.xml")
        let run = try await lab.kubeforge(
            ["smoke-test", lab.inventory.path, "--output", "json", "--report", xml.path()] + options)
        #expect(run.exitCode == 1, "\(run.everything)")
        #expect(
            try run.events("check").filter { $0.outcome == "failed" }.compactMap(\.name) == failed, "\(run.everything)")
        let report = try await lab.python(Self.failures, xml.path())
        #expect(report.output == "\(failed.count) of \(try run.events("check").count)\n", "\(report.everything)")
    }

    /// Reads a JUnit report as any program does; says how many of its checks failed.
    private static let failures = """
        import sys, xml.etree.ElementTree
        report = xml.etree.ElementTree.parse(sys.argv[1])
        print(len(report.findall(".//testcase[failure]")), "of", len(report.findall(".//testcase")))
        """

    /// Every tag of a page is closed, in order; says how many tables have a row for each class.
    private static let tagsMatch = """
        import html.parser, sys
        class Page(html.parser.HTMLParser):
            open, rows, tables = [], 0, 0
            def handle_starttag(self, tag, attributes):
                if tag in ("meta", "link", "br", "hr", "img", "input"): return
                self.open.append(tag)
                if tag == "table": self.rows = 0
                self.rows += tag == "tr"
            def handle_endtag(self, tag):
                if not self.open or self.open.pop() != tag: sys.exit(f"</{tag}> at {self.getpos()}")
                self.tables += tag == "table" and self.rows == 27
        page = Page()
        page.feed(open(sys.argv[1], encoding="utf-8").read())
        if page.open: sys.exit(f"open: {page.open}")
        print(page.tables, "tables of 26 classes")
        """
}
