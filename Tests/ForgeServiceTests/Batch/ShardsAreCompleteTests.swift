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

@Suite("The shards of a run")
struct ShardsAreCompleteTests {
    private func step(isFollowed: Bool = false) throws -> ShardsAreComplete {
        ShardsAreComplete(
            run, manifests: try BatchManifests(run, templates: Templates()), isFollowed: isFollowed,
            patience: .seconds(100), every: .zero)
    }

    private func status(_ done: [Int]) -> String {
        #"{"input":{"rows":5,"sha256":"00"},"error":null,"shards":2,"done":\#(done)}"#
    }

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

    @Test("are no shards where the run is not split")
    func alone() throws {
        let run = Example.batchRun(shards: 1)
        let whole = ShardsAreComplete(
            run, manifests: try BatchManifests(run, templates: Templates()), isFollowed: false)
        #expect(whole.title == "the models have answered every row")
        #expect(try step().title == "the models have answered every row, in 2 shards")
        let waiting = #"{"input":null,"error":null,"shards":1,"done":[]}"#
        #expect(whole.differences(whenLookEnds: 0, waiting) == ["no shard is done"])
        #expect(whole.differences(whenLookEnds: 0, waiting.replacing("[]", with: "[0]")) == [])
    }

    @Test("are waited for until their Jobs are complete, and told as they come")
    func waitedFor() async throws {
        let (zero, one) = ("inference-batch-20261121-151732/0", "inference-batch-20261121-151732/1")
        let begun = Objects.list([
            Objects.job(zero), Objects.job(one), Objects.coordinatorPod, Objects.pod("p", "Running", owner: "j"),
        ])
        let ended = Objects.list([Objects.job(zero, "Complete"), Objects.job(one, "Complete"), Objects.coordinatorPod])
        let cluster = FakeCluster([
            .init(status: status([]), objects: begun),
            .init(status: status([1]), objects: begun, logs: "==> pod/p\n433 rows predicted\n"),
            .init(status: status([0, 1]), objects: begun), .init(status: status([0, 1]), objects: ended),
        ])
        try await step(isFollowed: true).apply(to: cluster.machine)
        #expect(cluster.said.withLock { $0 } == ["created", "1 of 2 shards is done", "2 of 2 shards are done"])
        #expect(
            cluster.podLines.withLock { $0 } == [PodLine(pod: "p", text: "433 rows predicted", place: 0, columns: 1)])
    }

    @Test("that were given up say which pod it was, and what it said last")
    func givenUp() async throws {
        let (zero, one) = ("inference-batch-20261121-151732/0", "inference-batch-20261121-151732/1")
        let objects = Objects.list([
            Objects.job(one, "Failed"), Objects.job(zero, "Failed"), Objects.coordinatorPod,
            Objects.pod("p-1", "Failed", exitCode: 1, owner: "j"),
        ])
        let cluster = FakeCluster([
            .init(status: status([0]), objects: objects, logs: "==> pod/p-1\nTraceback\nMemoryError\n")
        ])
        let problem = await #expect(throws: Problem.self) { try await step().apply(to: cluster.machine) }
        #expect(cluster.said.withLock { $0 } == ["created", "1 of 2 shards is done"])
        #expect(
            problem?.description == """
                kubmaster: inference-batch-20261121-151732 failed
                  why  the Job inference-batch-20261121-151732-1 was given up: Job has reached the specified backoff \
                limit
                       1 of 2 shards is done
                       p-1 on kubnode: the program ends with exit code 1
                         | Traceback
                         | MemoryError
                  fix  the last lines of its log are above; correct what they name, and run it again
                """)
    }

    @Test("are not tried again where the rows are at fault")
    func faultyRows() async throws {
        let objects = Objects.list([Objects.coordinatorPod, Objects.pod("p-1", "Failed", exitCode: 1, owner: "j")])
        let log =
            "==> pod/p-1\nmodels 1: lda and mlp\ninput:8, column 2 (# Letter): must be a class from 0 to 25, is '99'\n"
            + "input:9, column 1 (Line): must be a number, is 'x'\n"
        let cluster = FakeCluster([.init(status: status([]), objects: objects, logs: log)])
        let run = Example.batchRun(.file(path: "/home/a/rows.csv", size: 1))
        let step = ShardsAreComplete(
            run, manifests: try BatchManifests(run, templates: Templates()), isFollowed: false, every: .zero)
        let problem = await #expect(throws: Problem.self) { try await step.apply(to: cluster.machine) }
        #expect(
            problem?.description == """
                kubmaster: rows.csv was rejected
                  why  rows.csv:8, column 2 (# Letter): must be a class from 0 to 25, is '99'
                  fix  correct the file; its columns must be those of the rows that the models know
                """)
    }

    @Test("are lost when the coordinator is")
    func lost() async throws {
        let cluster = FakeCluster([
            .init(status: nil, objects: Objects.list([Objects.job("inference-batch-20261121-151732/0")]))
        ])
        let problem = await #expect(throws: Problem.self) { try await step().apply(to: cluster.machine) }
        #expect(
            problem?.why?.hasPrefix("the pod inference-batch-20261121-151732-coordinator, which held the rows, is gone")
                == true)
    }

    @Test("are done when their Jobs are complete, too: the last lines of their pods come before that")
    func jobsToo() async throws {
        let (zero, one) = ("inference-batch-20261121-151732/0", "inference-batch-20261121-151732/1")
        let begun = Objects.list([
            Objects.job(zero), Objects.job(one), Objects.coordinatorPod, Objects.pod("p", "Running", owner: "j"),
        ])
        let ended = Objects.list([Objects.job(zero, "Complete"), Objects.job(one, "Complete"), Objects.coordinatorPod])
        let cluster = FakeCluster([
            .init(status: status([0, 1]), objects: begun),
            .init(status: status([0, 1]), objects: ended, logs: "==> pod/p\nits last line\n"),
        ])
        try await step(isFollowed: true).apply(to: cluster.machine)
        #expect(cluster.podLines.withLock { $0.map(\.text) } == ["its last line"])
    }

    @Test(
        "are lost with the coordinator though other pods still run, and though its own pod is there, but no longer runs"
    )
    func lostWhileOthersRun() async throws {
        let job = Objects.job("inference-batch-20261121-151732/0")
        let shard = Objects.pod("p", "Running", owner: "j")
        for coordinator in [nil, Objects.pod("inference-batch-20261121-151732-coordinator", "Failed")] {
            let cluster = FakeCluster([
                .init(status: nil, objects: Objects.list([job, shard] + (coordinator.map { [$0] } ?? [])))
            ])
            let problem = await #expect(throws: Problem.self) { try await step().apply(to: cluster.machine) }
            #expect(
                problem?.why?.hasPrefix(
                    "the pod inference-batch-20261121-151732-coordinator, which held the rows, is gone") == true)
        }
    }
}

@Suite("The logs of several pods")
struct PodLogsTests {
    @Test(
        "are told apart by how many lines each has: no pod speaks for another, and no character of Unicode ends a line")
    func framed() async throws {
        try await TemporaryDirectory.during { directory in
            try directory.write(
                "kubectl",
                """
                #!/bin/sh
                case "$*" in
                *get\\ pods*) echo pod/a; echo pod/b; echo pod/c;;
                *pod/a) printf 'one\\n\\n==> pod/b 1\\nI am a\\r\\342\\200\\250still the same\\n\\n\\n';;
                *pod/b) echo mine;;
                esac
                """, mode: 0o755)
            let script = PodLogs.lastLines(of: "x=y", Kubectl(namespace: "mlops"))
            let logs = PodLogs(try LocalProgram("sh", "-c", "PATH=\(directory.path):$PATH; \(script)").output).byPod
            #expect(logs == ["a": ["one", "==> pod/b 1", "I am a\r\u{2028}still the same"], "b": ["mine"], "c": []])
        }
        #expect(PodLogs("==> pod/a 0\n==> pod/b 1\nmine\n").byPod == ["a": [], "b": ["mine"]])
    }

    @Test("are followed by as many lines as were told, whatever a pod prints")
    func followed() async throws {
        try await TemporaryDirectory.during { directory in
            var logs = LogFollower(JobQueries(run: "r", kubectl: Kubectl(namespace: "mlops")))
            var told: [[String]] = []
            for more in ["", "", "four\\n", "four\\nfive\\n"] {
                let text = "one\\n\\n==> pod/b 1\\nthree\\n" + more
                try directory.write("kubectl", "#!/bin/sh\nprintf '\(text)'\n", mode: 0o755)
                told.append(
                    logs.lines(try LocalProgram("sh", "-c", "PATH=\(directory.path):$PATH; \(logs.look(["a"]))").output)
                        .map(\.text))
            }
            #expect(told == [["one", "==> pod/b 1", "three"], [], ["four"], ["five"]])
        }
    }

    @Test("have the same place in each look: who prints first comes first, and of those at once the first by name")
    func places() {
        var logs = LogFollower(JobQueries(run: "r", kubectl: Kubectl(namespace: "mlops")))
        func line(_ pod: String, _ text: String, _ place: Int, _ columns: Int) -> PodLine {
            PodLine(pod: pod, text: text, place: place, columns: columns)
        }
        let first = logs.lines(framedLogs("==> pod/z\none\n"))
        #expect(first == [line("z", "one", 0, 1)])
        let pods = ["f-long", "e", "d", "c", "b", "a"]
        let text = pods.map { "==> pod/\($0)\nmine\n" }.joined()
        let second = logs.lines(framedLogs(text))
        let all = [
            line("a", "mine", 1, 6), line("b", "mine", 2, 6), line("c", "mine", 3, 6), line("d", "mine", 4, 6),
            line("e", "mine", 5, 6), line("f-long", "mine", 6, 6),
        ]
        #expect(second == all)
        let third = logs.lines(framedLogs("==> pod/z\ntwo\n"))
        #expect(third == [line("z", "two", 0, 6)])
    }

    @Test(
        "that are no such text are none",
        arguments: ["", "==> ", "==> pod/a", "==> pod/a -1\nx", "==> pod/a x\n", "x\ny\n", "==> svc/a 1\nx"])
    func nonsense(text: String) { #expect(PodLogs(text).byPod.isEmpty) }
}
