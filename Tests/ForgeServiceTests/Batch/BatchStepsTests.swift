import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeTemplates
import ForgeTestSupport
import Foundation
import Synchronization
import Testing

@testable import ForgeService

/// A control plane with a courier, as a test plays it: each look at it is answered with the next of its states.
private final class FakeCluster: Sendable {
    /// What a look finds.
    struct State {
        var status: String? = #"{"input":{"rows":5,"sha256":"00"},"error":null,"shards":2,"done":[]}"#
        var objects = "{\"items\":[]}"
        var logs = ""
    }

    private let states: Mutex<[State]>
    let said = Mutex<[String]>([])
    let told = Mutex<[String]>([])
    let podLines = Mutex<[PodLine]>([])
    private let upload: Output

    init(_ states: [State], upload: Output = Output("\n200")) {
        self.states = Mutex(states)
        self.upload = upload
    }

    var machine: Machine {
        Machine(
            host: Example.master, transport: ScriptedTransport { self.reply($0) },
            onLine: { line in self.said.withLock { $0.append(line.text) } },
            onNews: { news in self.told.withLock { $0.append(news.text) } },
            onPodLine: { line in self.podLines.withLock { $0.append(line) } })
    }

    private func reply(_ command: Command) -> Output? {
        let script = command.inputText
        if command.line.hasPrefix("curl") { return upload }
        if command.line.contains("apply -f -") { return Output("created") }
        if script.contains("podIP") && !script.contains("/status") { return Output(answering: CommandState(text: "10.244.1.9")) }
        let state = states.withLock { $0.count > 1 ? $0.removeFirst() : $0[0] }
        let status = CommandState(exitCode: state.status == nil ? 7 : 0, text: state.status ?? "")
        let (objects, events) = (CommandState(text: state.objects), CommandState(text: "{\"items\":[]}"))
        if script.contains("logs --tail=20") { return Output(answering: objects, events, CommandState(text: state.logs)) }
        if script.contains("get events") && script.contains("/status") {
            return Output(answering: status, objects, events, CommandState(text: state.logs))
        }
        if script.contains("get events") { return Output(answering: objects, events, CommandState(text: state.logs)) }
        return Output(answering: status)
    }
}

/// Objects in kubectl's JSON.
private enum Objects {
    static func list(_ items: [String]) -> String { "{\"items\":[\(items.joined(separator: ","))]}" }

    static func job(_ name: String, _ condition: String? = nil, created: String = "2026-11-21T15:00:00Z", owned: Bool = false) -> String {
        let status = condition.map {
            #"{"conditions":[{"type":"\#($0)","status":"True","message":"Job has reached the specified backoff limit"}]}"#
        }
        let run = name.split(separator: "/").first ?? ""
        let owner = owned ? #","ownerReferences":[{"kind":"CronJob","name":"c"}]"# : ""
        return #"""
            {"kind":"Job","metadata":{"name":"\#(name.split(separator: "/").joined(separator: "-"))","creationTimestamp":"\#(created)",
            "labels":{"app.kubernetes.io/instance":"\#(run)"}\#(owner)},"status":\#(status ?? "{}")}
            """#
    }

    static func pod(_ name: String, _ phase: String, exitCode: Int? = nil, owner: String? = nil) -> String {
        let state = exitCode.map { #"{"terminated":{"exitCode":\#($0)}}"# } ?? "{}"
        let owners = owner.map { #","ownerReferences":[{"kind":"Job","name":"\#($0)"}]"# } ?? ""
        return #"""
            {"kind":"Pod","metadata":{"name":"\#(name)"\#(owners)},"spec":{"nodeName":"kubnode","containers":[]},"status":{"phase":"\#(phase)",
            "containerStatuses":[{"name":"c","ready":\#(phase == "Running"),"restartCount":0,"state":\#(state)}]}}
            """#
    }
}

private let run = Example.batchRun()
private let courierPod = Objects.pod("inference-batch-20261121-151732-courier", "Running")

@Suite("The rows that go into the cluster")
struct InputIsThereTests {
    private func send(_ text: String, upload: Output, status: String? = nil) async throws -> (FakeCluster, Problem?) {
        try await TemporaryFolder.during { folder in
            let path = try folder.write("rows.csv", text)
            let cluster = FakeCluster([FakeCluster.State(status: status)], upload: upload)
            let step = InputIsThere(Example.batchRun(.file(path: path, size: text.utf8.count)), within: .zero, every: .zero)
            do {
                try await step.apply(to: cluster.machine)
                return (cluster, nil)
            } catch let problem as Problem { return (cluster, problem) }
        }
    }

    @Test("are told with their number and size")
    func told() async throws {
        let text = "Line,a\n0,1\n"
        let status = #"{"input":{"rows":1,"sha256":"\#(SHA256.hex(text))"},"error":null,"shards":2,"done":[]}"#
        let (cluster, problem) = try await send(text, upload: Output("{}\n200"), status: status)
        #expect(problem == nil)
        #expect(cluster.told.withLock { $0 } == ["1 row, 11 bytes sent"])
    }

    @Test("are refused with the file's own name")
    func refused() async throws {
        let body = #"{"error":"input:7, column 2 (# Letter): must be a class from 0 to 25, is '99'"}"#
        let (_, problem) = try await send("Line,a\n", upload: Output(body + "\n400"))
        #expect(
            problem?.description == """
                kubmaster: rows.csv is not taken
                  why  rows.csv:7, column 2 (# Letter): must be a class from 0 to 25, is '99'
                  fix  correct the file; columns and features must be those of the training data
                """)
    }

    @Test("must arrive as they were sent")
    func changed() async throws {
        let status = #"{"input":{"rows":1,"sha256":"11"},"error":null,"shards":2,"done":[]}"#
        let (_, problem) = try await send("Line,a\n0,1\n", upload: Output("{}\n200"), status: status)
        #expect(problem?.what == "kubmaster: rows.csv came to the cluster with other bytes")
    }

    @Test("that cannot be fetched are the courier's own words")
    func notFetched() async throws {
        let error = "http://data.example/rows.csv: answers 404 Not Found"
        let cluster = FakeCluster([.init(status: #"{"input":null,"error":"\#(error)","shards":2,"done":[]}"#)])
        let step = InputIsThere(Example.batchRun(.url("http://data.example/rows.csv?key=1")), within: .zero, every: .zero)
        let problem = await #expect(throws: Problem.self) { try await step.apply(to: cluster.machine) }
        #expect(problem?.what == "kubmaster: http://data.example/rows.csv is not taken")
        #expect(problem?.why == error)
    }
}

@Suite("The shards of a run")
struct ShardsAreDoneTests {
    private func step(isFollowed: Bool = false) throws -> ShardsAreDone {
        ShardsAreDone(
            run, manifests: try BatchManifests(run, templates: Templates()), isFollowed: isFollowed, patience: .seconds(100), every: .zero)
    }

    private func status(_ done: [Int]) -> String { #"{"input":{"rows":5,"sha256":"00"},"error":null,"shards":2,"done":\#(done)}"# }

    @Test(
        "are counted",
        arguments: [
            (#"{"input":null,"error":null,"shards":2,"done":[]}"#, ["0 of 2 shards are done"]),
            (#"{"input":null,"error":null,"shards":2,"done":[1]}"#, ["1 of 2 shards is done"]),
            (#"{"input":null,"error":null,"shards":2,"done":[0,1]}"#, []), ("", ["no shard is done"]),
        ])
    func counted(answer: String, differences: [String]) throws {
        #expect(try step().differences(whenLookEnds: answer.isEmpty ? 7 : 0, answer) == differences)
    }

    @Test("are waited for until their Jobs are complete, and told as they come")
    func waitedFor() async throws {
        let (zero, one) = ("inference-batch-20261121-151732/0", "inference-batch-20261121-151732/1")
        let begun = Objects.list([Objects.job(zero), Objects.job(one), courierPod, Objects.pod("p", "Running", owner: "j")])
        let ended = Objects.list([Objects.job(zero, "Complete"), Objects.job(one, "Complete"), courierPod])
        let cluster = FakeCluster([
            .init(status: status([]), objects: begun), .init(status: status([1]), objects: begun, logs: "==> pod/p\n433 rows predicted\n"),
            .init(status: status([0, 1]), objects: begun), .init(status: status([0, 1]), objects: ended),
        ])
        try await step(isFollowed: true).apply(to: cluster.machine)
        #expect(cluster.said.withLock { $0 } == ["created", "1 of 2 shards is done", "2 of 2 shards are done"])
        #expect(cluster.podLines.withLock { $0 } == [PodLine(pod: "p", text: "433 rows predicted", place: 0, columns: 1)])
    }

    @Test("that were given up say which pod it was, and what it said last")
    func givenUp() async throws {
        let name = "inference-batch-20261121-151732/1"
        let objects = Objects.list([Objects.job(name, "Failed"), courierPod, Objects.pod("p-1", "Failed", exitCode: 1, owner: "j")])
        let cluster = FakeCluster([.init(status: status([0]), objects: objects, logs: "==> pod/p-1\nTraceback\nMemoryError\n")])
        let problem = await #expect(throws: Problem.self) { try await step().apply(to: cluster.machine) }
        #expect(
            problem?.description == """
                kubmaster: inference-batch-20261121-151732 failed
                  why  the Job inference-batch-20261121-151732-1 was given up: Job has reached the specified backoff limit
                       1 of 2 shards is done
                       p-1 on kubnode: the program ends with exit code 1
                         | Traceback
                         | MemoryError
                  fix  the last lines of its log are above; correct what they name, and run it again
                """)
    }

    @Test("are not tried again where the rows are at fault")
    func faultyRows() async throws {
        let objects = Objects.list([courierPod, Objects.pod("p-1", "Failed", exitCode: 1, owner: "j")])
        let log = "==> pod/p-1\nmodels 1: lda and mlp\ninput:8, column 2 (# Letter): must be a class from 0 to 25, is '99'\n"
        let cluster = FakeCluster([.init(status: status([]), objects: objects, logs: log)])
        let run = Example.batchRun(.file(path: "/home/a/rows.csv", size: 1))
        let step = ShardsAreDone(run, manifests: try BatchManifests(run, templates: Templates()), isFollowed: false, every: .zero)
        let problem = await #expect(throws: Problem.self) { try await step.apply(to: cluster.machine) }
        #expect(
            problem?.description == """
                kubmaster: rows.csv is not taken
                  why  rows.csv:8, column 2 (# Letter): must be a class from 0 to 25, is '99'
                  fix  correct the file; columns and features must be those of the training data
                """)
    }

    @Test("are lost when the courier is")
    func lost() async throws {
        let cluster = FakeCluster([.init(status: nil, objects: Objects.list([Objects.job("inference-batch-20261121-151732/0")]))])
        let problem = await #expect(throws: Problem.self) { try await step().apply(to: cluster.machine) }
        #expect(problem?.why?.hasPrefix("the pod inference-batch-20261121-151732-courier, which held the rows, is gone") == true)
    }
}

@Suite("What runs leave behind")
struct RunsAreClearedTests {
    private let step = RunsAreCleared(Example.cluster().service, .batch)

    @Test("is nothing but the Jobs of the last three, however many each has")
    func lastThree() {
        let jobs = (1...5).flatMap { run in
            (0...1).map { Objects.job("run\(run)/\($0)", run == 2 ? "Failed" : "Complete", created: "2026-11-21T15:0\(run):0\($0)Z") }
        }
        #expect(
            step.differences(whenLookEnds: 0, Objects.list(jobs)) == [
                "job/run1-0 is left", "job/run1-1 is left", "job/run2-0 is left", "job/run2-1 is left",
            ])
        #expect(step.differences(whenLookEnds: 0, Objects.list(Array(jobs.dropFirst(4)))) == [])
    }

    @Test("is no courier and no Job at work, but for those that a schedule began")
    func atWork() {
        let objects = [
            Objects.job("run1/0"), Objects.job("nightly", owned: true), courierPod, Objects.pod("run1-0-x", "Running", owner: "j"),
        ]
        #expect(
            step.differences(whenLookEnds: 0, Objects.list(objects)) == [
                "job/run1-0 is left", "pod/inference-batch-20261121-151732-courier is left",
            ])
        #expect(step.differences(whenLookEnds: 1, "") == ["the cluster could not be asked for earlier runs"])
    }
}

@Suite("The results of a run")
struct ResultsAreHereTests {
    private let table = "row,lda\n0,1\n1,2\n"
    private let scores = #"{"rows": 2, "score": {"lda": 0.5, "mlp": 0.25}}"#

    /// The control plane writes what curl prints into the file that the command names.
    private func machine(_ table: String) -> Machine {
        let scores = scores
        let host = ScriptedTransport { command in
            if command.inputText.contains("podIP") { return Output(answering: CommandState(text: "10.244.1.9")) }
            guard case .file(let path) = command.output else { return nil }
            try? (path.hasSuffix("scores.json") ? scores : table).write(toFile: path, atomically: true, encoding: .utf8)
            return Output("")
        }
        return Machine(host: Example.master, transport: host)
    }

    private func answers(_ step: ResultsAreHere, _ table: String, _ scores: String) -> Answers {
        let looks = step.questions.compactMap { question in if case .command(let text) = question { text } else { nil } }
        return Example.answers([
            looks[0]: CommandState(text: "\(SHA256.hex(table))  -"), looks[1]: CommandState(text: "\(SHA256.hex(scores))  -"),
        ])
    }

    @Test("are fetched, compared and put in the place of others")
    func fetched() async throws {
        try await TemporaryFolder.during { folder in
            let step = ResultsAreHere(run, folder: Folder(shown: "out", path: folder.path))
            let path = try folder.write("predictions.csv", "of yesterday")
            #expect(
                step.differences(given: answers(step, table, scores)).map(\.text) == [
                    "predictions.csv is another", "scores.json is not here",
                ])
            try await step.apply(to: machine(table))
            #expect(step.differences(given: answers(step, table, scores)) == [])
            #expect(try String(contentsOfFile: path, encoding: .utf8) == table)
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() == ["predictions.csv", "scores.json"])
        }
    }

    @Test("that are not whole leave those of before where they are")
    func notWhole() async throws {
        try await TemporaryFolder.during { folder in
            let path = try folder.write("predictions.csv", "of yesterday")
            let step = ResultsAreHere(run, folder: Folder(shown: "out", path: folder.path))
            let problem = await #expect(throws: Problem.self) { try await step.apply(to: machine("row,lda\n0,1\n")) }
            #expect(problem?.why == "predictions.csv has 1 rows, and scores.json counts 2")
            #expect(try String(contentsOfFile: path, encoding: .utf8) == "of yesterday")
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["predictions.csv"])
        }
    }

    @Test("are told with the scores where there is truth")
    func scoresTold() {
        #expect(BatchScores(json: Array(scores.utf8))?.sentence == "2 rows: lda 0.500, mlp 0.250")
        #expect(
            BatchScores(json: Array(#"{"rows": 1, "score": null}"#.utf8))?.sentence == "1 row: the input has no truth to compare with")
    }
}
