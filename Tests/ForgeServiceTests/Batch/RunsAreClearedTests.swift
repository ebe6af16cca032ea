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
            Objects.job("run1/0"), Objects.job("nightly", owned: true), Objects.courierPod, Objects.pod("run1-0-x", "Running", owner: "j"),
        ]
        #expect(
            step.differences(whenLookEnds: 0, Objects.list(objects)) == [
                "job/run1-0 is left", "pod/inference-batch-20261121-151732-courier is left",
            ])
        #expect(step.differences(whenLookEnds: 1, "") == ["the cluster could not be asked for earlier runs"])
    }
}
