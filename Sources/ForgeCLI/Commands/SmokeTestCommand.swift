import ArgumentParser
import ForgeService

struct SmokeTestCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "smoke-test", abstract: "Ask the deployed service, and compare its answers with the right ones.")

    @Argument(help: inventoryHelp)
    var inventory: String?

    @Option(help: ArgumentHelp("Ask for this many rows of the test set beside row 23.", valueName: "n"))
    var rows = 20

    @Option(help: ArgumentHelp("Chooses the rows: the same ones for the same number.", valueName: "n"))
    var seed: UInt64 = 1

    @Option(help: ArgumentHelp("Fail when a model's score on the test set is lower, from 0 to 1.", valueName: "share"))
    var minScore: Double?

    @Option(help: ArgumentHelp("Write what was found: .xml for JUnit, .html for a page. May be given more than once.", valueName: "file"))
    var report: [String] = []

    @OptionGroup var options: SharedOptions

    func validate() throws {
        if rows < 0 || rows > 100_000 { throw ValidationError("--rows \(rows): from 0 to 100000") }
        if let minScore, !(0...1).contains(minScore) { throw ValidationError("--min-score \(minScore): from 0 to 1") }
        if let file = report.first(where: { ReportFile.Format(of: $0) == nil }) {
            throw ValidationError("--report \(file): ends neither in .xml (JUnit) nor in .html (a page)")
        }
    }

    func run() async throws {
        let verb = Verb.smokeTest { [rows, seed, minScore] in SmokeTest(cluster: $0, seed: seed, rows: rows, minimumScore: minScore) }
        try await Assembly().run(verb, inventory: inventory, options, reports: report)
    }
}
