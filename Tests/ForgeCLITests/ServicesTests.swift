import ArgumentParser
import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeService
import Synchronization
import Testing

@testable import ForgeCLI

@Suite("An inventory of several services")
struct ServicesTests {
    private static var cluster: Cluster {
        var cluster = Cluster.lab
        cluster.services = ["churn", "price", "spam"].map {
            Service(name: $0, namespace: $0 == "spam" ? "mail" : "mlops")
        }
        return cluster
    }

    private func run(_ witness: Witness, _ action: Action, scene: Scene) -> ActionRunner {
        ActionRunner(
            action, inventory: "lab.yaml", surroundings: scene.surroundings, reporter: witness,
            read: { _ in Self.cluster }, connect: { _ in FakeTransport() })
    }

    private func action(_ name: String = "deploy", failing: String? = nil) -> Action {
        Action(name) { context in
            let name = context.cluster.service.name
            return Plan(
                stages: [
                    Stage("it runs", on: [context.cluster.firstControlPlane]) { _ in
                        [
                            FakeStep("\(context.cluster.services.map(\.name))", ["x"]) { _ in
                                if name == failing { throw Problem(what: "no") }
                            }
                        ]
                    }
                ], essential: ["kubmaster"])
        } next: { context in
            ["kubeforge smoke-test\(context.inventoryArgument)", "curl \(context.cluster.service.name)"]
        }
    }

    @Test("is gone through one after the other, and each run sees its service alone")
    func all() async throws {
        let (scene, witness) = (try Scene(), Witness())
        #expect(await run(witness, action(), scene: scene).finish() == 0)
        #expect(witness.steps.map(\.title) == [#"["churn"]"#, #"["price"]"#, #"["spam"]"#])
        #expect(
            witness.notes.filter { $0.hasPrefix("service ") } == ["service churn", "service price", "service spam"])
        #expect(
            witness.notes.last
                == "next  kubeforge smoke-test\n      curl churn\n      curl price\n      curl spam")
        #expect(witness.summary?.changed == 3)
    }

    @Test("is asked for some by name, which what to type next names, too")
    func some() async throws {
        let (scene, witness) = (try Scene(), Witness())
        var some = action()
        some.services = ["spam", "churn"]
        #expect(await run(witness, some, scene: scene).finish() == 0)
        #expect(witness.steps.map(\.title) == [#"["churn"]"#, #"["spam"]"#])
        #expect(witness.notes.filter { $0.hasPrefix("service ") } == ["service churn", "service spam"])
        #expect(witness.notes.last?.hasPrefix("next  kubeforge smoke-test --service spam --service churn\n") == true)
    }

    @Test("goes on after a service that failed, and fails")
    func failure() async throws {
        let (scene, witness) = (try Scene(), Witness())
        #expect(await run(witness, action(failing: "churn"), scene: scene).finish() == 1)
        #expect(witness.steps.map(\.outcome) == [.failed, .changed, .changed])
        #expect(witness.summary?.outcome == .failed)
        #expect(
            witness.notes.last
                == """
                next  fix the failures above, then run\n      kubeforge deploy lab.yaml   (resumes where it stopped)
                """
        )
    }

    @Test(
        "ends as the worst of its services did, in whichever order",
        arguments: [
            (.ok, .ok, .ok), (.ok, .incomplete, .incomplete), (.ok, .failed, .failed),
            (.incomplete, .failed, .failed), (.incomplete, .incomplete, .incomplete), (.failed, .failed, .failed),
        ] as [(Summary.Outcome, Summary.Outcome, Summary.Outcome)])
    func worst(first: Summary.Outcome, second: Summary.Outcome, both: Summary.Outcome) {
        let (one, other) = (RunOutcome(outcome: first, exitCode: 0), RunOutcome(outcome: second, exitCode: 0))
        #expect(one.and(other).outcome == both)
        #expect(other.and(one).outcome == both)
    }

    @Test("ends with the exit code of the first service that failed, and with what that leaves to do")
    func firstFailure() {
        let done = RunOutcome(outcome: .ok, exitCode: 0, next: ["smoke-test"])
        let held = RunOutcome(outcome: .failed, exitCode: 5, next: ["wait"])
        let failed = RunOutcome(outcome: .failed, exitCode: 1, next: ["repair"])
        #expect(done.and(held).exitCode == 5)
        #expect(done.and(held).next == ["wait"])
        #expect(held.and(done).exitCode == 5)
        #expect(held.and(done).next == ["wait"])
        #expect(held.and(failed).exitCode == 5)
        #expect(held.and(failed).next == ["wait", "repair"])
        #expect(done.and(done).next == ["smoke-test"])
    }

    @Test("takes a Lease for each service, of its own")
    func leases() async throws {
        let (scene, witness) = (try Scene(), Witness())
        let taken = Mutex<[LeasePlace]>([])
        // Nothing is changed, so none is taken in earnest.
        var holding = Action("deploy") { _ in Plan(stages: [], essential: []) }
        holding.lease = { cluster in
            let place = LeasePlace.service(cluster.service)
            taken.withLock { $0.append(place) }
            return place
        }
        _ = await run(witness, holding, scene: scene).finish()
        let places = taken.withLock { $0 }
        #expect(places == Self.cluster.services.map(LeasePlace.service))
        #expect(Set(places).count == 3)
    }

    @Test("is told a service that it does not have, and of what is about one, to name it")
    func refused() async throws {
        let (scene, witness) = (try Scene(), Witness())
        var unknown = action()
        unknown.services = ["churn", "chrun", "prize"]
        #expect(await run(witness, unknown, scene: scene).finish() == 64)
        var one = action("rollback")
        (one.takesOneService, one.arguments) = (true, " 0123")
        #expect(await run(witness, one, scene: scene).finish() == 64)
        #expect(
            witness.problems == [
                "-: --service chrun: the inventory has no such service\n  fix  it has: churn, price, spam",
                "-: `kubeforge rollback 0123` is about one service, and the inventory has several\n"
                    + "  fix  name one of churn, price, spam: --service churn",
            ])
        #expect(witness.steps == [])
        one.services = ["price"]
        #expect(await run(witness, one, scene: scene).finish() == 0)
    }

    @Test("is about the cluster for commands that are not about services")
    func cluster() async throws {
        let (scene, witness) = (try Scene(), Witness())
        var provision = action("provision")
        provision.isPerService = false
        #expect(await run(witness, provision, scene: scene).finish() == 0)
        #expect(witness.steps.map(\.title) == [#"["churn", "price", "spam"]"#])
        #expect(!Action.provision(isDryRun: false).isPerService)
    }

    @Test(
        "can be asked for one service by every command that is about services",
        arguments: [
            ["deploy"], ["smoke-test"], ["releases"], ["rollback"], ["scale", "2"], ["logs"], ["jobs"], ["train"],
            ["push", "churn"],
            ["batch", "run"], ["batch", "schedule", "@daily"], ["batch", "unschedule"], ["batch", "list"],
            ["plan", "deploy"], ["plan", "rollback"], ["plan", "scale", "2"],
        ])
    func options(words: [String]) throws {
        #expect(throws: Never.self) {
            _ = try Kubeforge.parseAsRoot(words + ["--service", "churn", "--service", "price"])
        }
    }
}
