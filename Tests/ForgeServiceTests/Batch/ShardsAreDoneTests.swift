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
        let begun = Objects.list([Objects.job(zero), Objects.job(one), Objects.courierPod, Objects.pod("p", "Running", owner: "j")])
        let ended = Objects.list([Objects.job(zero, "Complete"), Objects.job(one, "Complete"), Objects.courierPod])
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
        let objects = Objects.list([Objects.job(name, "Failed"), Objects.courierPod, Objects.pod("p-1", "Failed", exitCode: 1, owner: "j")])
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
        let objects = Objects.list([Objects.courierPod, Objects.pod("p-1", "Failed", exitCode: 1, owner: "j")])
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
