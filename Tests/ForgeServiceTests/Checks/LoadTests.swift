import ForgeCore
import ForgePlan
import ForgeTestSupport
import Synchronization
import Testing

@testable import ForgeService

@Suite("The smoke test's load")
struct LoadTests {
    private static let sum = """
        seconds 30.051
        longest 46.017
        bucket 480 400
        bucket 403 11600
        failed status 503 2
        failed curl 56 1 Recv failure: Connection reset by peer
        failed curl 55 1 Send failure
        failed curl 35 1 some other reason

        """

    private func read(_ text: String = sum) -> LoadReport? {
        LoadSum.report(
            text, of: LoadScript(address: "http://10.96.1.2:80", rows: 30, load: Load(length: .seconds(30))),
            from: "kubmaster")
    }

    @Test("is read back from what the host summed up")
    func parses() throws {
        let report = try #require(read())
        #expect(report.address == "http://10.96.1.2:80/prediction/N")
        #expect(report.concurrency == 8)
        #expect(report.seconds == 30.051 && report.longest == 46.017)
        #expect(report.times.map(\.count) == [11600, 400])
        #expect(report.times.map { ($0.milliseconds * 100).rounded() / 100 } == [2.95, 13.56])
        #expect(
            report.failures == [
                .init(kind: "connection lost", count: 2), .init(kind: "status 503", count: 2),
                .init(kind: "some other reason", count: 1),
            ])
    }

    @Test(
        "is not believed when the host prints something else",
        arguments: [
            "", "sh: awk: not found\n", "seconds 30\n", "longest 2\n", "seconds 1\nlongest 1\nbucket 3\n",
            "seconds x\nlongest 1\n",
        ])
    func isNotBelieved(text: String) { #expect(read(text) == nil) }

    @Test("passes when no request failed and the answers came in time")
    func passes() throws {
        let checks = LoadGate(maximumP95: .milliseconds(200)).checks(
            try #require(read("seconds 1\nlongest 14\nbucket 480 400\n")))
        #expect(
            checks == [
                CheckReport(
                    name: "load: no request failed", isPassed: true, expected: "all answered", got: "0 of 400 failed",
                    milliseconds: 0),
                CheckReport(
                    name: "load: p95 at most 200 ms", isPassed: true, expected: "200 ms or less", got: "13.6 ms",
                    milliseconds: 0),
            ])
    }

    @Test("passes by a single answer, and may take no time at all")
    func least() throws {
        let one = LoadGate(maximumP95: nil).checks(try #require(read("seconds 1\nlongest 14\nbucket 480 1\n")))
        #expect(one.map(\.isPassed) == [true])
        let short = try #require(read("seconds 0\nlongest 0\nbucket 0 5\n"))
        #expect(short.answered == 5)
        // A hundredth of a microsecond.
        #expect(short.times.map { ($0.milliseconds * 1_000_000).rounded() } == [10])
    }

    @Test("is judged by the time within which 95 of 100 answers came", arguments: [(95, true), (94, false)])
    func share(fast: Int, isPassed: Bool) {
        let report = LoadReport(
            host: "kubmaster", address: "http://h", concurrency: 8, seconds: 1,
            times: [.init(milliseconds: 200, count: fast), .init(milliseconds: 900, count: 100 - fast)], longest: 900)
        let checks = LoadGate(maximumP95: .milliseconds(200)).checks(report)
        #expect(checks.map(\.isPassed) == [true, isPassed])
        #expect(checks.last?.got == (isPassed ? "200 ms" : "900 ms"))
    }

    @Test(
        "says what curl's exit codes mean, and repeats what it said of others",
        arguments: [
            (7, "could not connect"), (18, "answer cut off"), (28, "no answer in time"), (52, "empty answer"),
            (55, "connection lost"), (56, "connection lost"), (35, "said curl"),
        ])
    func kinds(code: Int, kind: String) {
        #expect(LoadFailure.inWords(curl: code, "said curl") == kind)
        #expect(LoadFailure.inWords(curl: 35, "") == "curl's error 35")
    }

    @Test("fails on one request of thousands, and says which kinds failed")
    func oneFailed() throws {
        let checks = LoadGate(maximumP95: nil).checks(try #require(read()))
        #expect(
            checks == [
                CheckReport(
                    name: "load: no request failed", isPassed: false, expected: "all answered",
                    got: "5 of 12005 failed: 2 × connection lost, 2 × status 503, 1 × some other reason",
                    milliseconds: 0)
            ])
    }

    @Test("fails when answers are late or none came")
    func late() throws {
        let late = LoadGate(maximumP95: .seconds(1)).checks(
            try #require(read("seconds 1\nlongest 1500\nbucket 720 10\n")))
        #expect(late.map(\.isPassed) == [true, false])
        #expect(late[1].name == "load: p95 at most 1 s" && late[1].got == "1500 ms")
        let none = LoadGate(maximumP95: .seconds(120)).checks(try #require(read("seconds 1\nlongest 0\n")))
        #expect(none.map(\.isPassed) == [false, false])
        #expect(none.map(\.got) == ["no request was made", "no answer"])
        #expect(none[1].name == "load: p95 at most 2 min")
    }

    @Test("follows the questions in one round trip, and counts among the checks")
    func follows() async throws {
        let host = controlPlane(load: Output(Self.sum))
        let witness = LoadWitness()
        let test = SmokeTest(
            cluster: Example.cluster(), load: Load(length: .seconds(30), maximumP95: .milliseconds(200)))
        let result = try await test.run(controlPlane: host, reporter: witness)
        #expect(!result.isPassed)
        #expect(result.checks.suffix(2).map(\.name) == ["load: no request failed", "load: p95 at most 200 ms"])
        let commands = await host.commands
        #expect(commands.count == 4)
        #expect(
            commands[3].inputText.contains("address=http://10.96.1.2:80 rows=30 concurrency=8 seconds=30.0 body=''\n"))
        #expect(commands[3].timeLimit == .seconds(90))
        #expect(
            witness.story == [
                "load: 8 concurrent requests to http://10.96.1.2:80/prediction/N from kubmaster for 30 s",
                "kubmaster began 8 concurrent requests for 30 s",
                "✗ load: no request failed", "✓ load: p95 at most 200 ms", "12000 answered, 5 failed",
            ])
    }

    @Test("posts the features of the first row where the service gives no rows away")
    func posts() async throws {
        let deployment = Small.deployment.replacing(
            #""image":"#, with: #""env":[{"name":"EXAMPLES","value":"private"}],"image":"#)
        let host = controlPlane(deployment: CommandState(text: deployment), load: Output(Self.sum))
        let witness = LoadWitness()
        let test = SmokeTest(cluster: Example.cluster(), load: Load(length: .seconds(30)))
        _ = try await test.run(controlPlane: host, reporter: witness)
        let script = try #require(await host.commands.last).inputText
        #expect(script.contains("seconds=30.0 body='{\"rows\":[[23.50,-0.001]]}'\n"))
        #expect(
            witness.story.first
                == "load: 8 concurrent requests to http://10.96.1.2:80/prediction from kubmaster for 30 s")
    }

    @Test("that could not be made is a problem, with what the host said")
    func impossible() async throws {
        let host = controlPlane(load: .failed(1, "curl is not installed\n"))
        let test = SmokeTest(cluster: Example.cluster(), load: Load(length: .seconds(30)))
        let problem = await #expect(throws: Problem.self) {
            try await test.run(controlPlane: host, reporter: Silence())
        }
        #expect(
            problem?.description == """
                kubmaster: the service could not be put under load
                  why  curl is not installed
                  fix  is curl there? `curl --version` on kubmaster
                """)
    }
}

/// What was told from the load's first word on.
private final class LoadWitness: Reporter {
    private let told = Mutex<[String]>([])

    var story: [String] { told.withLock { Array($0.drop { !$0.hasPrefix("load:") }) } }

    func report(_ event: Event) {
        let text: String? =
            switch event {
            case .note(let text): text
            case .stepBegan(let host, let title): "\(host) began \(title)"
            case .check(let check): "\(check.isPassed ? "✓" : "✗") \(check.name)"
            case .load(let report): "\(report.answered) answered, \(report.failed) failed"
            default: nil
            }
        if let text { told.withLock { $0.append(text) } }
    }
}
