import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeTemplates
import ForgeTestSupport
import Synchronization
import Testing

@testable import ForgeService

/// The service's own program is run here, as it is on the operator's computer; the cluster is played.
@Suite("Drift of rows from the training data")
struct DataDriftTests {
    private static let training = """
        {"version": "20261121T150000Z-0123", "files": {"golden.json": {}},
         "schema": {"columns": [
          {"name": "age", "type": "integer", "optional": false, "example": 41},
          {"name": "plan", "type": "text", "optional": true, "example": "pro"}],
          "target": null, "index": null, "task": null, "classes": null},
         "bins": {"age": {"edges": [10, 20, 30], "shares": [0.25, 0.25, 0.25, 0.25, 0.0]},
                  "plan": {"values": ["pro", "free"], "shares": [0.5, 0.4, 0.0, 0.1]}}}
        """

    /// Ages and plans as in training; `moved` turns each plan into what nobody had.
    private static func rows(_ count: Int = 200, moved: Bool = false) -> String {
        let lines = (0..<count).map { row in
            let plan = row % 10 == 9 ? "" : row % 2 == 0 ? "pro" : "free"
            return "\(moved ? "gold" : plan),\([5, 15, 25, 35][row % 4])\n"
        }
        return "plan,age\n" + lines.joined()
    }

    private func run(
        _ rows: String, limit: Double = 0.25, training: CommandState = CommandState(text: training),
        deployment: CommandState = CommandState(text: Small.deployment), here: any Transport = LocalTransport()
    ) async throws -> (told: DriftNews, Problem?) {
        try await TemporaryDirectory.during { directory in
            try directory.write("rows.csv", rows)
            let drift = try DataDrift("rows.csv", limit: limit) { directory.path($0) }
            let told = DriftNews()
            let host = ScriptedTransport { _ in Output(answering: deployment, training) }
            do {
                try await drift.run(
                    Service(), on: Example.master, over: host, here: here, templates: Templates(), reporter: told)
                return (told, nil)
            } catch let problem as Problem {
                return (
                    told,
                    Problem(
                        problem.kind, what: problem.what, why: problem.why?.replacing(directory.path + "/", with: ""),
                        fix: problem.fix)
                )
            }
        }
    }

    @Test("is told for each column, and fails where one is above the limit")
    func told() async throws {
        let (same, _) = try await run(Self.rows())
        #expect(
            same.notes.withLock { $0 }.first
                == "rows.csv: 200 rows, compared with the training data of the models 20261121T150000Z-0123")
        #expect(same.notes.withLock { $0 }.last?.contains("below 0.1 stable, up to 0.25 moved") == true)
        #expect(
            same.tables.withLock { $0 }.first?.rows == [
                ["age", "integer", "0.000", "stable", "", ""], ["plan", "text", "0.000", "stable", "10.0 %", "10.0 %"],
            ])
        let passed = try #require(same.checks.withLock { $0 }.first)
        #expect(passed.isPassed && passed.name == "drift of 2 columns" && passed.expected == "PSI of at most 0.25")
        let (moved, _) = try await run(Self.rows(moved: true))
        #expect(
            moved.tables.withLock { $0 }.first?.rows.first?.prefix(4) == ["plan", "text", "17.474", "drifted"])
        let failed = try #require(moved.checks.withLock { $0 }.first)
        #expect(!failed.isPassed && failed.got == "plan 17.474")
        let (lenient, _) = try await run(Self.rows(moved: true), limit: 50)
        #expect(lenient.checks.withLock { $0 }.first?.isPassed == true)
        #expect(lenient.notes.withLock { $0 }.last?.hasSuffix("; here the limit is 50.0 (--max-psi)") == true)
    }

    @Test("counts gaps where the training had none, and refuses what is no value of a column")
    func gaps() async throws {
        let (gaps, _) = try await run(Self.rows().replacing(",5\n", with: ",\n"))
        let row = try #require(gaps.tables.withLock { $0 }.first?.rows.first)
        #expect(row[0] == "age" && row[3] == "drifted" && row.suffix(2) == ["0.0 %", "25.0 %"])
        let (_, problem) = try await run(Self.rows() + "pro,old\n")
        #expect(
            problem?.description == """
                rows.csv cannot be compared
                  why  rows.csv:202, column 2 (age): must be a finite number, is 'old'
                  fix  correct it, and run it again
                """)
    }

    @Test("is not told of few rows, without Python, without a pod, nor of models from before it was noted")
    func unknown() async throws {
        let (_, few) = try await run(Self.rows(99))
        #expect(few?.what == "rows.csv has too few rows to compare: 99")
        #expect(few?.kind == .usage)
        #expect(try await run(Self.rows(100)).1?.what == nil)
        let nothing = ScriptedTransport { _ in Output.failed(127, "python3: not found") }
        #expect(try await run(Self.rows(), here: nothing).1?.fix == "install python3")
        let (_, silent) = try await run(Self.rows(), training: CommandState(exitCode: 1, text: ""))
        #expect(silent?.what == "kubmaster: what the models of inference were trained on is not known")
        #expect(silent?.why == "no pod of it runs that could be asked for /app/models/metadata.json")
        let dead = CommandState(exitCode: 1, text: "\nError from server: error dialing backend: x509: expired")
        #expect(
            try await run(Self.rows(), training: dead).1?.why
                == "Error from server: error dialing backend: x509: expired")
        #expect(
            try await run(Self.rows(), training: CommandState(text: "{}")).1?.why
                == "/app/models/metadata.json of its pods does not describe models")
        let former = Self.training.replacing(#""bins""#, with: #""others""#)
        #expect(
            try await run(Self.rows(), training: CommandState(text: former)).1?.why
                == """
                these models were trained before kubeforge recorded how their columns are distributed: train them again
                """)
    }

    @Test("is not told where the cluster does not answer, nor where nothing is deployed, with the reason for that")
    func noRelease() async throws {
        let none = CommandState(exitCode: 1)
        let refused = CommandState(exitCode: 1, text: "\nThe connection to the server was refused")
        let (_, silent) = try await run(Self.rows(), training: none, deployment: refused)
        #expect(silent?.what == "kubmaster: the cluster's API does not answer")
        #expect(silent?.why == "The connection to the server was refused")
        let (_, early) = try await run(Self.rows(), training: none, deployment: CommandState())
        #expect(early?.what == "kubmaster: the cluster has no service inference in namespace mlops")
    }

    @Test("is above the limit, not at it; the farthest column is named where none is")
    func limit() throws {
        func report(_ indexes: Double...) throws -> DataDrift.Report {
            let columns = indexes.enumerated().map { number, psi in "{\"name\":\"c\(number)\",\"psi\":\(psi)}" }
            let text = "{\"rows\":100,\"fewest\":100,\"columns\":[\(columns.joined(separator: ","))]}"
            let said = try #require(JSONValue(Array(text.utf8)))
            return try DataDrift.Report(.said(said), of: "rows.csv")
        }
        #expect(
            try report(0.25, 0.125).check(0.25)
                == CheckReport(
                    name: "drift of 2 columns", isPassed: true, expected: "PSI of at most 0.25", got: "c0 0.250",
                    milliseconds: 0))
        let drifted = try report(0.5, 0.375, 0.25).check(0.25)
        #expect(!drifted.isPassed)
        #expect(drifted.got == "c0 0.500, c1 0.375")
        let nothing = #expect(throws: Problem.self) {
            try DataDrift.Report(.said(.object([:])), of: "rows.csv")
        }
        #expect(
            nothing?.description == """
                rows.csv has too few rows to compare: 0
                  why  the index of fewer than 0 rows is not reliable
                  fix  name a file with more rows
                """)
    }

    @Test("sends nothing of the rows to the cluster")
    func stays() async throws {
        try await TemporaryDirectory.during { directory in
            try directory.write("rows.csv", Self.rows().replacing("pro", with: "s3cret"))
            let host = ScriptedTransport { _ in
                Output(answering: CommandState(text: Small.deployment), CommandState(text: Self.training))
            }
            try await DataDrift("rows.csv", limit: 9) { directory.path($0) }.run(
                Service(), on: Example.master, over: host, here: LocalTransport(), templates: Templates(),
                reporter: DriftNews())
            let commands = await host.commands
            #expect(commands.count == 1)
            #expect(!commands.contains { ($0.line + $0.inputText).contains("s3cret") })
        }
    }
}

private final class DriftNews: Reporter {
    let notes = Mutex<[String]>([])
    let tables = Mutex<[Table]>([])
    let checks = Mutex<[CheckReport]>([])

    func report(_ event: Event) {
        switch event {
        case .note(let text): notes.withLock { $0.append(text) }
        case .table(let table): tables.withLock { $0.append(table) }
        case .check(let check): checks.withLock { $0.append(check) }
        default: break
        }
    }
}
