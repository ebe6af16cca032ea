import ForgeCLI
import ForgeCore
import ForgeInventory
import ForgePlan
import Synchronization
import Testing

@Suite("A run that has something to tidy up")
final class AfterwardsTests: Sendable {
    private let tidied = Atomic(0)

    private func action(_ step: FakeStep) -> Action {
        var action = Action("batch run") { _ in
            Plan(stages: [Stage("a", on: [.kubmaster]) { _ in [step] }], essential: ["kubmaster"])
        }
        action.hosts = { [$0.firstControlPlane] }
        (action.arguments, action.goesOn) = (" --shards 3", false)
        action.afterwards = { [self] session in
            // What is cancelled could not work any more.
            if !Task.isCancelled, !session.fleet.reachable.isEmpty { tidied.add(1, ordering: .relaxed) }
        }
        return action
    }

    private func run(_ action: Action, _ witness: Witness) throws -> ActionRunner {
        ActionRunner(
            action, inventory: "lab.yaml", surroundings: try Scene().surroundings, reporter: witness,
            read: { _ in .lab },
            connect: { _ in FakeTransport() })
    }

    @Test("does so when it is done")
    func done() async throws {
        #expect(try await run(action(FakeStep("a", ["x"])), Witness()).finish() == 0)
        #expect(tidied.load(ordering: .relaxed) == 1)
    }

    @Test("does so when it failed, and does not claim that it goes on where it stopped")
    func failed() async throws {
        let witness = Witness()
        #expect(try await run(action(FakeStep("a", ["x"]) { _ in throw Problem(what: "no") }), witness).finish() == 1)
        #expect(tidied.load(ordering: .relaxed) == 1)
        #expect(
            witness.notes.last
                == "next  fix the failures above, then run\n      kubeforge batch run --shards 3 lab.yaml")
    }

    @Test("does so when nobody waits for it any longer")
    func cancelled() async throws {
        let cancellation = CancellationSource()
        let step = FakeStep("a", ["x"]) { _ in
            cancellation.request()
            cancellation.request()
            try await Task.sleep(for: .seconds(60))
        }
        var run = try run(action(step), Witness())
        run.cancellation = cancellation
        #expect(await run.finish() == 130)
        #expect(tidied.load(ordering: .relaxed) == 1)
    }
}
