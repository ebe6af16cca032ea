import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeTemplates
import ForgeTestSupport
import Foundation
import Synchronization
import Testing

@testable import ForgeService

@Suite("What runs leave behind")
struct OldRunsAreRemovedTests {
    private let step = OldRunsAreRemoved(Example.cluster().service, .batch)

    @Test("is nothing but the Jobs of the last three, however many each has")
    func lastThree() {
        let jobs = (1...5).flatMap { run in
            (0...1).map {
                Objects.job(
                    "run\(run)/\($0)", run == 2 ? "Failed" : "Complete", created: "2026-11-21T15:0\(run):0\($0)Z")
            }
        }
        #expect(
            step.differences(whenLookEnds: 0, Objects.list(jobs)) == [
                "job/run1-0 is left", "job/run1-1 is left", "job/run2-0 is left", "job/run2-1 is left",
            ])
        #expect(step.differences(whenLookEnds: 0, Objects.list(Array(jobs.dropFirst(4)))) == [])
    }

    @Test("are, of those that began in the same second, always the same")
    func sameSecond() {
        let jobs = (1...9).map { Objects.job("run\($0)/0", "Complete", created: "2026-11-21T15:00:00Z") }
        #expect(
            step.differences(whenLookEnds: 0, Objects.list(jobs.shuffled())) == (1...6).map { "job/run\($0)-0 is left" }
        )
    }

    @Test(
        "is no coordinator and no Job at work, but for those that a schedule began: who clears them all holds the Lease"
    )
    func atWork() {
        let objects = [
            Objects.job("run1/0"), Objects.job("nightly", owned: true), Objects.coordinatorPod,
            Objects.pod("run1-0-x", "Running", owner: "j"),
        ]
        #expect(
            step.differences(whenLookEnds: 0, Objects.list(objects)) == [
                "job/run1-0 is left", "pod/inference-batch-20261121-151732-coordinator is left",
                "secret/inference-batch-20261121-151732-coordinator is left",
            ])
        #expect(step.differences(whenLookEnds: 1, "") == ["the cluster could not be queried for earlier runs"])
        let coordinators = ["b-coordinator", "a-coordinator"].map { Objects.pod($0, "Running") }
        #expect(
            step.differences(whenLookEnds: 0, Objects.list(coordinators)) == [
                "pod/a-coordinator is left", "secret/a-coordinator is left", "pod/b-coordinator is left",
                "secret/b-coordinator is left",
            ])
    }

    @Test("is counted from the last Job of each: a run whose first shard is old may have ended last")
    func overlapping() {
        let jobs = [("run1/0", 1), ("run1/1", 9), ("run2/0", 2), ("run3/0", 3), ("run4/0", 4)].map { name, minute in
            Objects.job(name, "Complete", created: "2026-11-21T15:0\(minute):00Z")
        }
        #expect(step.differences(whenLookEnds: 0, Objects.list(jobs)) == ["job/run2-0 is left"])
    }

    @Test("is looked for by the labels of its kind, and where nothing is left nothing is deleted")
    func nothingLeft() async throws {
        let host = ScriptedTransport { _ in Output(answering: CommandState(text: Objects.list([]))) }
        try await step.apply(to: Machine(host: Example.master, transport: host))
        #expect(await host.commands.count == 1)
        let label = "app.kubernetes.io/name in"
        #expect(step.looks[0].contains("\(label) (inference-batch,inference-coordinator)"))
        let training = OldRunsAreRemoved(Example.cluster().service, .train)
        #expect(training.looks[0].contains("\(label) (inference-train)"))
        #expect(training.title == "earlier trainings are cleaned up")
    }

    @Test("after a run is its own alone: another's Jobs and coordinator are never touched")
    func ownAlone() async throws {
        let own = OldRunsAreRemoved(Example.cluster().service, .batch, of: "run2")
        let objects = Objects.list([
            Objects.job("run1/0"), Objects.job("run2/2"), Objects.job("run2/1", "Complete"), Objects.job("run2/0"),
            Objects.job("run3/0"),
            Objects.coordinatorPod,
            Objects.pod("run1-coordinator", "Running"), Objects.pod("run2-coordinator", "Running"),
        ])
        let host = ScriptedTransport {
            $0.inputText.contains("get jobs,pods") ? Output(answering: CommandState(text: objects)) : Output("")
        }
        try await own.apply(to: Machine(host: Example.master, transport: host))
        let removal = try #require(await host.commands.last?.words.map(\.text))
        #expect(
            removal.drop { $0 != "--" }.dropFirst() == [
                "job/run2-0", "job/run2-2", "pod/run2-coordinator", "secret/run2-coordinator",
            ])
    }
}
