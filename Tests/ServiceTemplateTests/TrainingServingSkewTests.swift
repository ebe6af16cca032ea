import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeService
import ForgeTestSupport
import Foundation
import Testing

/// The smoke test against the real service, asked over real HTTP; only the cluster around it is played.
@Suite("The smoke test")
struct TrainingServingSkewTests {
    /// Data, and what the smoke test says of them to a service that forgets the normalisation. LDA is the same
    /// everywhere; the perceptron's weights move a little with the version of its library.
    struct Sample: CustomTestStringConvertible {
        let testDescription: String
        let training: Task<Training, any Error>
        let skew: String
        /// Where row 23 is one of those.
        let row23: String?

        static let generated = Sample(
            testDescription: "generated data", training: Training.generated,
            skew:
                #"""
                (1[5-9]|2\d) % of rows: the service does not transform features as training did \(lda 15 %, mlp \d+ %\)
                """#,
            row23: nil)
        static let eeg = Sample(
            testDescription: "the EEG study's data", training: Training.eeg,
            skew: #"8\d % of rows: the service does not transform features as training did \(lda 82 %, mlp \d+ %\)"#,
            row23: #"lda.letter: "V", lda.number: 21"#)
        static let all = [generated] + (ServiceFiles.eeg == nil ? [] : [eeg])
    }

    @Test(
        "fails a service that forgets the normalisation, by name, although it answers 200 everywhere",
        arguments: Sample.all)
    func withoutNormalisation(sample: Sample) async throws {
        let training = try await sample.training.value
        let bare = try await Self.withoutNormalisation(training)
        let (checks, isPassed) = try await smokeTest(training, models: bare.url)
        #expect(!isPassed)
        #expect(checks.allSatisfy { !$0.got.hasPrefix("no answer") && !$0.got.hasPrefix("50") })
        let skew = try #require(checks.first { $0.name == "training-serving skew" })
        #expect(!skew.isPassed)
        #expect(
            try Regex("predictions differ from training on " + sample.skew).wholeMatch(in: skew.got) != nil,
            "\(skew.got)")
        let check = try #require(checks.first { $0.name == "/prediction/23" })
        #expect((check.isPassed ? nil : check.got) == sample.row23)
    }

    @Test("passes the service as it is", arguments: Sample.all)
    func asItIs(sample: Sample) async throws {
        let training = try await sample.training.value
        let (checks, isPassed) = try await smokeTest(training, models: training.models)
        #expect(isPassed, "\(checks.filter { !$0.isPassed })")
    }

    private func smokeTest(_ training: Training, models: URL) async throws -> ([CheckReport], Bool) {
        let service = try await RunningService(data: training.data, models: models)
        defer { service.stop() }
        let result = try await SmokeTest(cluster: Example.cluster, rows: 99).run(
            controlPlane: ClusterOfOneService(training: training, address: service.address), reporter: Nobody())
        return (result.checks, result.isPassed)
    }

    /// The models, each without its first step: what the service had that was published with these data.
    private static func withoutNormalisation(_ training: Training) async throws -> TemporaryDirectory {
        let (directory, python) = (try TemporaryDirectory(), try await Python.shared.value)
        let script = """
            import joblib, shutil, sys
            source, target = sys.argv[1:]
            for name in ("lda", "mlp"):
                joblib.dump(joblib.load(f"{source}/{name}.joblib")[1:], f"{target}/{name}.joblib")
            for name in ("golden.json", "metadata.json"):
                shutil.copy(f"{source}/{name}", target)
            """
        _ = try python.run("-c", script, training.models.path, directory.url.path)
        try await Training.describe(directory.url)
        return directory
    }
}

/// A control plane whose kubectl knows one service, whose files are those of a training, and whose curl is real.
private struct ClusterOfOneService: Transport {
    let training: Training
    let address: String

    func run(_ command: Command, onLine: @escaping @Sendable (OutputLine) -> Void) async throws -> Output {
        let script = command.inputText
        if script.contains("get deployment") {
            return framed([
                deployment, exposure, try text(training.models.appending(path: "golden.json")), #"{"items":[]}"#,
            ])
        }
        if script.contains("rows.jsonl") {
            let rows = training.test.rows.enumerated().map {
                #"{"row":\#($0),"features":[\#($1.joined(separator: ","))]}"#
            }
            return framed([script.matches(of: /(\d+)p/).map { rows[Int($0.1)! - 1] }.joined(separator: "\n")])
        }
        return try await LocalTransport().run(command, onLine: onLine)
    }

    var traffic: Traffic { Traffic() }

    func close() async {}

    private func text(_ file: URL) throws -> String { try String(contentsOf: file, encoding: .utf8) }

    private func framed(_ answers: [String]) -> Output {
        Output(answers.map { "0 \($0.utf8.count)\n\($0)\n" }.joined())
    }

    private var deployment: String {
        #"""
        {"kind":"Deployment","metadata":{"name":"inference"},"spec":{"template":{"spec":{"containers":[{\#
        "image":"inference:0123456789abcdef"}]}}}}
        """#
    }

    private var exposure: String {
        let port = address.split(separator: ":").last!
        return
            #"""
            {"kind":"Service","metadata":{"name":"inference"},"spec":{"type":"ClusterIP","clusterIP":"127.0.0.1",\#
            "ports":[{"port":\#(port)}]}}
            """#
    }
}

private struct Nobody: Reporter {
    func report(_ event: Event) {}
}
