import ForgeCore
import ForgePlan
import ForgeTestSupport
import Synchronization
import Testing

@testable import ForgeService

@Suite("The coordinator of a run")
struct CoordinatorIsReadyTests {
    private let running = Objects.list([Objects.coordinatorPod])

    private func step(within limit: Duration = .seconds(100)) -> CoordinatorIsReady {
        CoordinatorIsReady(Example.batchRun(), manifest: "kind: Pod\n", within: limit, every: .zero)
    }

    @Test("is waited for until it answers")
    func waitedFor() async throws {
        let cluster = FakeCluster([.init(status: nil), .init(status: nil, objects: running), .init(objects: running)])
        try await step().apply(to: cluster.machine)
        #expect(cluster.looks.withLock { $0 } == 3)
    }

    @Test("is waited for no longer once its pod has ended, whatever time is left", arguments: [0, 100])
    func ended(seconds: Int) async throws {
        let pod = Objects.pod("inference-batch-20261121-151732-coordinator", "Failed", exitCode: 1)
        let cluster = FakeCluster([.init(status: nil, objects: Objects.list([pod]))])
        let problem = await #expect(throws: Problem.self) {
            try await step(within: .seconds(seconds)).apply(to: cluster.machine)
        }
        #expect(
            problem?.what == """
                kubmaster: the pod inference-batch-20261121-151732-coordinator, which holds the rows, does not run
                """)
    }

    @Test("that runs and does not answer in time is late")
    func late() async throws {
        let cluster = FakeCluster([.init(status: nil, objects: running)])
        let problem = await #expect(throws: Problem.self) { try await step(within: .zero).apply(to: cluster.machine) }
        #expect(
            problem?.what == """
                kubmaster: the pod inference-batch-20261121-151732-coordinator, which holds the rows, does not answer \
                within 0 s
                """)
    }
}
