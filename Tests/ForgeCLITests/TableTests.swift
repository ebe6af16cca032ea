import ForgeCLI
import ForgePlan
import Testing

@Suite("A table")
struct TableTests {
    private let table = Table(
        of: "release", columns: [.init("release", "release"), .init("score_lda", "lda score"), .init("by", "by")],
        rows: [["0123456789abcdef", "0.692", "ann@desk"], ["ff", "", ""]])

    @Test("stands on the screen with columns as wide as their cells")
    func screen() throws {
        let scene = try Scene()
        ScreenReporter(.init(action: "releases"), scene.surroundings).report(.table(table))
        #expect(
            scene.output.text == """

                  release           lda score  by
                  0123456789abcdef  0.692      ann@desk
                  ff

                """)
    }

    @Test("without rows is a sentence")
    func empty() throws {
        let scene = try Scene()
        ScreenReporter(.init(action: "batch list"), scene.surroundings).report(
            .table(Table(of: "schedule", columns: [.init("name", "name")], rows: [])))
        #expect(scene.output.text == "\n  there is no schedule\n")
    }

    @Test("is an object a row for programs, where what is empty is null")
    func json() throws {
        let scene = try Scene()
        JSONReporter(scene.surroundings).report(.table(table))
        #expect(
            scene.output.text == """
                {"event":"release","release":"0123456789abcdef","score_lda":"0.692","by":"ann@desk"}
                {"event":"release","release":"ff","score_lda":null,"by":null}

                """)
    }
}
