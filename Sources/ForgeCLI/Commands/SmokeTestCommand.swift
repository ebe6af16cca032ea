import ArgumentParser
import ForgeInventory
import ForgePlan
import ForgeService

struct SmokeTestCommand: ActionCommand {
    static let configuration = CommandConfiguration(
        commandName: "smoke-test",
        abstract: "Query the deployed service and compare its answers with the expected ones.")

    @OptionGroup var inventory: InventoryArgument

    @Option(help: ArgumentHelp("Query this many rows of the test set in addition to row 23.", valueName: "n"))
    var rows = 20

    @Option(help: ArgumentHelp("Seed for the choice of rows: the same seed chooses the same rows.", valueName: "n"))
    var seed: UInt64 = 1

    @Option(help: ArgumentHelp("Fail when a model's score on the test set is lower, from 0 to 1.", valueName: "share"))
    var minScore: Double?

    @Option(
        help: ArgumentHelp("Then send requests for this long: 30s, 2m.", valueName: "time"),
        transform: DurationArgument.parser(from: "1s", to: "1h", example: "30s or 2m"))
    var load: Duration?

    @Option(help: ArgumentHelp("With --load: keep this many requests in flight. (default: 8)", valueName: "n"))
    var concurrency: Int?

    @Option(
        help: ArgumentHelp(
            "With --load: fail when the 95th percentile of response times is higher: 200ms, 1s.", valueName: "time"),
        transform: DurationArgument.parser(from: "1ms", to: "10s", example: "200ms or 1s"))
    var maxP95: Duration?

    @Option(help: ArgumentHelp("Write a report: .xml (JUnit) or .html. Can be repeated.", valueName: "file"))
    var report: [String] = []

    @OptionGroup var service: ServiceOption

    @OptionGroup var options: SharedOptions

    var services: [String] { service.names }

    func validate() throws {
        if rows < 0 || rows > 100_000 { throw ValidationError("--rows \(rows): from 0 to 100000") }
        if let minScore, !(0...1).contains(minScore) { throw ValidationError("--min-score \(minScore): from 0 to 1") }
        if let concurrency, !(1...256).contains(concurrency) {
            throw ValidationError("--concurrency \(concurrency): from 1 to 256")
        }
        if load == nil && concurrency != nil { throw ValidationError("--concurrency needs a load, such as --load 30s") }
        if load == nil && maxP95 != nil { throw ValidationError("--max-p95 needs a load, such as --load 30s") }
        if let file = report.first(where: { ReportFile.Format(of: $0) == nil }) {
            throw ValidationError("--report \(file): ends neither in .xml (JUnit) nor in .html (a page)")
        }
    }

    var reports: [String] { report }

    func action(_ surroundings: ProcessEnvironment) -> Action { .smokeTest(test) }

    /// The test of a cluster that was typed.
    var test: @Sendable (Cluster) -> SmokeTest {
        let load = load.map { Load(length: $0, concurrency: concurrency ?? 8, maximumP95: maxP95) }
        return { [rows, seed, minScore] in
            SmokeTest(cluster: $0, seed: seed, rows: rows, minimumScore: minScore, load: load)
        }
    }
}

extension Action {
    static func smokeTest(_ make: @escaping @Sendable (Cluster) -> SmokeTest) -> Action {
        .query("smoke-test") { context in
            _ = try await make(context.cluster).run(
                controlPlane: try context.firstControlPlane().transport, here: LocalTransport(),
                reporter: context.executor.reporter)
        }
    }
}
