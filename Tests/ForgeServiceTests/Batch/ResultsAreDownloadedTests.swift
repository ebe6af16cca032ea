import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeTemplates
import ForgeTestSupport
import Foundation
import Synchronization
import Testing

@testable import ForgeService

private let run = Example.batchRun()

@Suite("The results of a run")
struct ResultsAreDownloadedTests {
    private let table = "row,lda\n0,1\n1,2\n"
    private let scores = #"{"rows": 2, "score": {"lda": 0.5, "mlp": 0.25}}"#

    /// The control plane writes what curl prints into the file that the command names, but where `instead` has done
    /// something else.
    private func host(
        _ table: String, counting looks: Counter = Counter(), counted least: Int = 1,
        instead: @escaping @Sendable (String) -> Bool = { _ in false }
    ) -> ScriptedTransport {
        let scores = scores
        return ScriptedTransport { command in
            if command.inputText.contains("/status") {
                if looks.next() < least { return Output(answering: CommandState(text: ""), CommandState(text: "")) }
                return Output(
                    answering: CommandState(text: "\(SHA256.hex(table))  -"),
                    CommandState(text: "\(SHA256.hex(scores))  -"))
            }
            if command.inputText.contains("podIP") { return Output(answering: CommandState(text: "10.244.1.9")) }
            guard case .file(let path) = command.output else { return nil }
            if !instead(path) {
                try? (path.hasSuffix("scores.json") ? scores : table).write(
                    toFile: path, atomically: true, encoding: .utf8)
            }
            return Output("")
        }
    }

    private func machine(
        _ table: String, counting looks: Counter = Counter(), counted least: Int = 1,
        instead: @escaping @Sendable (String) -> Bool = { _ in false }
    ) -> Machine {
        let transport = host(table, counting: looks, counted: least, instead: instead)
        return Machine(host: Example.master, transport: transport)
    }

    private func answers(_ step: ResultsAreDownloaded, _ table: String, _ scores: String) -> Answers {
        let looks = step.questions.compactMap { question in if case .command(let text) = question { text } else { nil }
        }
        return Example.answers([
            looks[0]: CommandState(text: "\(SHA256.hex(table))  -"),
            looks[1]: CommandState(text: "\(SHA256.hex(scores))  -"),
        ])
    }

    @Test("are fetched, compared and put in the place of others")
    func fetched() async throws {
        try await TemporaryDirectory.during { directory in
            let step = ResultsAreDownloaded(run, directory: Directory(shown: "out", path: directory.path))
            let path = try directory.write("predictions.csv", "of yesterday")
            // Of somebody else, or of a run that downloads at the same time.
            try directory.write(".kubeforge/file", "kept")
            #expect(
                step.differences(given: answers(step, table, scores)).map(\.text) == [
                    "predictions.csv differs", "scores.json is not downloaded",
                ])
            chmod(path, 0o640)
            close(open(directory.path("usual"), O_CREAT | O_WRONLY | O_CLOEXEC, 0o666))
            try await step.apply(to: machine(table))
            #expect(step.differences(given: answers(step, table, scores)) == [])
            #expect(try String(contentsOfFile: path, encoding: .utf8) == table)
            #expect(
                try FileManager.default.contentsOfDirectory(atPath: directory.path).sorted() == [
                    ".kubeforge", "predictions.csv", "scores.json", "usual",
                ])
            #expect(try directory.mode("predictions.csv") == 0o640, "who might read them yesterday may today")
            #expect(try directory.mode("scores.json") == directory.mode("usual"), "and the umask is obeyed")
        }
    }

    @Test("come into a directory that is made for them, and never as more than any run has")
    func bounded() async throws {
        try await TemporaryDirectory.during { directory in
            let path = directory.path("new/results")
            let transport = host(table)
            try await ResultsAreDownloaded(run, directory: Directory(shown: "out", path: path)).apply(
                to: Machine(host: Example.master, transport: transport))
            #expect(try directory.text("new/results/predictions.csv") == table)
            var limits: [Int] = []
            for command in await transport.commands {
                if case .file = command.output { limits.append(command.fileLimit) }
            }
            #expect(limits == [8_589_934_592, 1_048_576])
        }
    }

    @Test("are waited for until the coordinator has counted them, and asked for when that takes too long")
    func counted() async throws {
        try await TemporaryDirectory.during { directory in
            for (limit, expected) in [(Duration.seconds(100), 4), (.zero, 2)] {
                let looks = Counter()
                let step = ResultsAreDownloaded(
                    run, directory: Directory(shown: "out", path: directory.path), within: limit, every: .zero)
                try await step.apply(to: machine(table, counting: looks, counted: 3))
                #expect(looks.next() == expected)
                #expect(try directory.text("predictions.csv") == table)
            }
        }
    }

    @Test("may have line ends and quotes in a column that is kept")
    func lineEnds() async throws {
        try await TemporaryDirectory.during { directory in
            let table = "row,lda,remark\n0,1,\"two\nlines, \"\"quoted\"\"\n\"\n1,2,\n"
            let step = ResultsAreDownloaded(run, directory: Directory(shown: "out", path: directory.path))
            try await step.apply(to: machine(table))
            #expect(try directory.text("predictions.csv") == table)
        }
    }

    @Test("are Parquet where that is wanted, and whole")
    func parquet() async throws {
        try await TemporaryDirectory.during { directory in
            let run = Example.batchRun(output: BatchOutput(isParquet: true))
            let step = ResultsAreDownloaded(run, directory: Directory(shown: "out", path: directory.path))
            let cut = await #expect(throws: Problem.self) { try await step.apply(to: machine("PAR1…")) }
            #expect(cut?.why == "it is a Parquet file that is cut off")
            try await step.apply(to: machine("PAR1…PAR1"))
            #expect(
                try FileManager.default.contentsOfDirectory(atPath: directory.path).sorted() == [
                    "predictions.parquet", "scores.json",
                ])
            #expect(step.differences(given: answers(step, "PAR1…PAR1", scores)) == [])
        }
    }

    @Test("that are not whole leave those of before where they are")
    func notWhole() async throws {
        try await TemporaryDirectory.during { directory in
            let path = try directory.write("predictions.csv", "of yesterday")
            let step = ResultsAreDownloaded(run, directory: Directory(shown: "out", path: directory.path))
            let problem = await #expect(throws: Problem.self) { try await step.apply(to: machine("row,lda\n0,1\n")) }
            #expect(problem?.why == "predictions.csv has 1 rows, and scores.json counts 2")
            #expect(try String(contentsOfFile: path, encoding: .utf8) == "of yesterday")
            #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path) == ["predictions.csv"])
        }
    }

    @Test("are never answers of one run beside scores of another, though the run ends between the two")
    func notMixed() async throws {
        try await TemporaryDirectory.during { directory in
            try directory.write("predictions.csv", "of yesterday")
            try directory.write("scores.json", "of yesterday")
            try directory.write("aside/scores.json", scores)
            let step = ResultsAreDownloaded(run, directory: Directory(shown: "out", path: directory.path))
            // The scores come as a link, which is not put into their place: it ends there, as if it were killed.
            let machine = machine(table) { path in
                path.hasSuffix("scores.json")
                    ? (try? FileManager.default.createSymbolicLink(
                        atPath: path, withDestinationPath: directory.path("aside/scores.json"))) != nil : false
            }
            let problem = await #expect(throws: Problem.self) { try await step.apply(to: machine) }
            #expect(problem?.what == "\(directory.path) cannot be written")
            #expect(try directory.text("predictions.csv") == table)
            #expect(
                try FileManager.default.contentsOfDirectory(atPath: directory.path).sorted() == [
                    "aside", "predictions.csv",
                ])
        }
    }

    @Test("are told with the scores where there is truth")
    func scoresTold() {
        #expect(BatchScores(json: Array(scores.utf8))?.sentence == "2 rows: lda 0.500, mlp 0.250")
        let many = #"{"rows": 2, "score": {"d": 1, "a": 0, "f": 1, "c": 0, "b": 1, "e": 0}}"#
        #expect(
            BatchScores(json: Array(many.utf8))?.sentence
                == "2 rows: a 0.000, b 1.000, c 0.000, d 1.000, e 0.000, f 1.000")
        #expect(
            BatchScores(json: Array(#"{"rows": 1, "score": null}"#.utf8))?.sentence
                == "1 row: the input has no truth to compare with")
    }
}
