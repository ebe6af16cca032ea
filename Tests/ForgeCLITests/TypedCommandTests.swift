import ArgumentParser
import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeService
import Testing

@testable import ForgeCLI

@Suite("What is typed")
struct TypedCommandTests {
    private static func command(_ typed: String) throws -> any ParsableCommand {
        try Kubeforge.parseAsRoot(typed.split(separator: " ").map(String.init))
    }

    private static func action(_ typed: String, _ scene: Scene) throws -> Action {
        try scene.write("age\n41\n", to: "desk/rows.csv")
        let command = try command(typed)
        return try #require(command as? any ActionCommand).action(scene.surroundings)
    }

    /// What an action is, beside its work.
    enum Quality: Sendable {
        case isDry, isExclusive, isForOneService, goesOn, showsOutput, endsWithCtrlC, remembersInventory

        static func all(of action: Action) -> Set<Quality> {
            let all: [(quality: Quality, isThere: Bool)] = [
                (.isDry, action.isDryRun), (.isExclusive, action.isExclusive),
                (.isForOneService, action.takesOneService), (.goesOn, action.goesOn),
                (.showsOutput, action.showsOutput), (.endsWithCtrlC, action.endsWhenInterrupted),
                (.remembersInventory, action.remembersInventory),
            ]
            return Set(all.filter { $0.isThere }.map { $0.quality })
        }
    }

    @Test(
        "decides how often, beside whom and how visibly it is run",
        arguments: [
            ("provision lab.yaml", [.isExclusive, .goesOn, .remembersInventory]),
            ("deploy", [.isExclusive, .goesOn]), ("deploy --dry-run", [.isExclusive, .goesOn, .isDry]),
            ("rollback", [.isExclusive, .goesOn]), ("rollback 0123", [.isExclusive, .goesOn, .isForOneService]),
            ("scale 2", [.isExclusive, .goesOn]), ("batch schedule @daily", [.isExclusive, .goesOn]),
            (
                "batch schedule @daily --input https://example.org/rows.csv",
                [.isExclusive, .goesOn, .isForOneService]
            ),
            ("batch unschedule", [.isExclusive, .goesOn]), ("batch run", [.isExclusive]),
            ("batch run --input rows.csv", [.isExclusive, .isForOneService]),
            ("batch run --results out", [.isExclusive, .isForOneService]),
            ("batch run --follow", [.isExclusive, .showsOutput]), ("train", [.isExclusive]),
            ("train --follow", [.isExclusive, .showsOutput]), ("push .", [.isExclusive, .isForOneService]),
            ("push . --follow", [.isExclusive, .isForOneService, .showsOutput]), ("unlock", [.isDry]),
            ("unlock --yes", []), ("smoke-test", []), ("releases", []), ("jobs", []), ("batch list", []),
            ("drift rows.csv", [.isForOneService]), ("logs", []),
            ("logs --follow", [.isForOneService, .endsWithCtrlC]),
        ] as [(String, Set<Quality>)])
    func qualities(typed: String, qualities: Set<Quality>) throws {
        let scene = try Scene()
        let action = try Self.action(typed, scene)
        #expect(Quality.all(of: action) == qualities)
    }

    @Test(
        "is typed again with its arguments, without the inventory",
        arguments: [
            ("batch run", ""), ("batch run --shards 2", " --shards 2"), ("batch run --shards 1", ""),
            (
                "batch run --follow --parquet --results out/ --keep age --input rows.csv",
                " --input rows.csv --keep age --results out/ --parquet --follow"
            ),
            ("train", ""), ("train --follow", " --follow"), ("drift rows.csv", " rows.csv"),
            ("rollback", " --inventory"), ("rollback 0123", " 0123 --inventory"), ("scale 2", " 2"),
            ("unlock", " --yes"), ("deploy", ""), ("provision lab.yaml", ""),
        ])
    func again(typed: String, arguments: String) throws {
        let scene = try Scene()
        #expect(try Self.action(typed, scene).arguments == arguments)
    }

    @Test(
        "names the directory for results without a slash at its end, but for the root",
        arguments: [("out", "out"), ("out/", "out"), ("/", "/"), ("o", "o"), (nil, "results/inference-batch-1")]
            as [(String?, String)])
    func results(typed: String?, shown: String) throws {
        let order = BatchOrder(
            input: .own, typedInput: nil, output: BatchOutput(), shards: 1, isFollowed: false, time: "1",
            results: typed, here: try Scene().surroundings)
        #expect(order.directory(.lab) == shown)
    }

    @Test(
        "may be as little and as much as the help says",
        arguments: [
            "batch run --shards 1", "batch run --shards 100", "scale 0", "scale 1000", "logs --tail 0",
            "logs --tail 1000000", "smoke-test --rows 0", "smoke-test --rows 100000", "smoke-test --min-score 0",
            "smoke-test --min-score 1", "smoke-test --load 1s --concurrency 1 --max-p95 1ms",
            "smoke-test --load 1h --concurrency 256 --max-p95 10s", "deploy --parallel 1", "deploy --timeout 5s",
            "rollback --timeout 1h", "drift rows.csv --max-psi 0.01", "drift rows.csv --max-psi 100",
            "batch schedule @daily --name abcdefghijklmnopq", "batch schedule @daily --input @address.txt",
        ])
    func bounds(typed: String) {
        #expect(throws: Never.self) { _ = try Self.command(typed) }
    }

    @Test(
        "is refused where it is just more or less than that",
        arguments: [
            ("batch run --shards 101", "--shards 101: from 1 to 100"),
            ("logs --tail=-1", "--tail -1: from 0 to 1000000"),
            ("smoke-test --rows=-1", "--rows -1: from 0 to 100000"),
            ("smoke-test --min-score 1.5", "--min-score 1.5: from 0 to 1"),
            ("smoke-test --min-score=-0.5", "--min-score -0.5: from 0 to 1"),
            ("smoke-test --load 1s --concurrency 257", "--concurrency 257: from 1 to 256"),
            ("drift rows.csv --max-psi 100.5", "--max-psi 100.5: from 0.01 to 100"),
            ("drift rows.csv --max-psi 0.005", "--max-psi 0.005: from 0.01 to 100"),
            ("deploy --timeout 4999ms", "from 5s to 1h"), ("deploy --timeout 61m", "from 5s to 1h"),
            ("smoke-test --report a.pdf --report b.txt", "--report a.pdf: ends neither in .xml"),
        ])
    func refused(typed: String, message: String) {
        let error = #expect(throws: (any Error).self) { _ = try Self.command(typed) }
        let told = error.map { Kubeforge.message(for: $0) } ?? ""
        #expect(told.contains(message), "\(told)")
    }

    @Test(
        "is a length of time with its unit",
        arguments: [
            ("1ms", 1), ("250ms", 250), ("90s", 90_000), ("5m", 300_000), ("2h", 7_200_000),
            ("999999999ms", 999_999_999),
        ])
    func time(text: String, milliseconds: Int) {
        #expect(DurationArgument.duration(text) == .milliseconds(milliseconds))
    }

    @Test(
        "is no length of time otherwise", arguments: ["", "5", "s", "1.5m", "-5s", "٣s", "5d", "5 s", "1000000000ms"])
    func noTime(text: String) {
        #expect(DurationArgument.duration(text) == nil)
    }

    @Test("says how a run works and is shown; without that it works on 32 hosts at once, in colours, as text")
    func options() throws {
        func run(_ typed: String) throws -> RunOptions {
            let command = try Self.command(typed)
            return try #require(command as? any ActionCommand).options.run
        }
        for plain in try [RunOptions(), run("deploy")] {
            #expect(!plain.isJSON)
            #expect(plain.hasColour)
            #expect(!plain.acceptsNewHostKeys)
            #expect(plain.width == 32)
            #expect(plain.detail == .normal)
            #expect(plain.templates == nil)
        }
        let told = try run(
            "deploy --output json --no-color --accept-new-host-keys --parallel 1 --verbose --templates own")
        #expect(told.isJSON)
        #expect(!told.hasColour)
        #expect(told.acceptsNewHostKeys)
        #expect(told.width == 1)
        #expect(told.detail == .verbose)
        #expect(told.templates == "own")
        #expect(try run("deploy --quiet").detail == .quiet)
    }

    @Test("chooses what a smoke test asks: 20 rows by seed 1 without it, and of a load 8 requests at once")
    func smokeTest() throws {
        func test(_ typed: String) throws -> SmokeTest {
            let command = try Self.command(typed)
            return try #require(command as? SmokeTestCommand).test(.lab)
        }
        let plain = try test("smoke-test")
        #expect(plain.rows == 20)
        #expect(plain.seed == 1)
        #expect(plain.minimumScore == nil)
        #expect(plain.load == nil)
        let load = try #require(try test("smoke-test --load 30s").load)
        #expect(load.length == .seconds(30))
        #expect(load.concurrency == 8)
        #expect(load.maximumP95 == nil)
        let told = try test("smoke-test --rows 3 --seed 7 --min-score 0.5 --load 2m --concurrency 4 --max-p95 200ms")
        #expect(told.rows == 3)
        #expect(told.seed == 7)
        #expect(told.minimumScore == 0.5)
        #expect(told.load?.length == .seconds(120))
        #expect(told.load?.concurrency == 4)
        #expect(told.load?.maximumP95 == .milliseconds(200))
    }
}
