import ForgeCLI
import ForgeCore
import ForgeInventory
import ForgePlan
import Testing

@Suite("A run")
struct ActionRunnerTests {
    private func run(
        _ scene: Scene, _ witness: Witness, _ action: Action, inventory: String? = "lab.yaml",
        connect: @escaping Connect = { _ in FakeTransport() }
    ) -> ActionRunner {
        ActionRunner(
            action, inventory: inventory, surroundings: scene.surroundings, reporter: witness, read: { _ in .lab },
            connect: connect)
    }

    private func plan(essential: Set<String> = ["kubmaster"], _ steps: (Host) -> [any Step]) -> Plan {
        Plan(stages: [Stage("swap is off", on: Cluster.lab.hosts, steps: steps)], essential: essential)
    }

    @Test("that changes what is not so ends with 0, counts, and what to type next")
    func done() async throws {
        let (scene, witness) = (try Scene(), Witness())
        let action = Action("provision", remembersInventory: true) { _ in
            plan { host in [FakeStep("a", host.role == .worker ? ["x"] : []), FakeStep("b")] }
        } next: { session in
            ["kubeforge deploy\(session.inventoryArgument)"]
        }
        #expect(await run(scene, witness, action).finish() == 0)
        #expect(witness.notes == ["inventory lab.yaml   (named on the command line)", "next  kubeforge deploy"])
        let summary = try #require(witness.summary)
        #expect(summary.outcome == .ok)
        #expect([summary.changed, summary.unchanged, summary.failed] == [1, 3, 0])
        #expect(summary.hosts["kubnode"]?.traffic == Traffic(roundTrips: 2, bytesSent: 300, bytesReceived: 4000))
        #expect(RememberedInventory(scene.state).path == scene.directory + "/desk/lab.yaml")
    }

    @Test("remembers no inventory where it is not told to, and works on 32 hosts at once")
    func plain() async throws {
        let (scene, witness) = (try Scene(), Witness())
        let run = run(scene, witness, Action("deploy") { _ in plan { _ in [FakeStep("a", ["x"])] } })
        #expect(run.width == 32)
        #expect(await run.finish() == 0)
        #expect(RememberedInventory(scene.state).path == nil)
    }

    @Test("does not remember an inventory that is a pipe: it is gone with the command that wrote it")
    func pipe() async throws {
        let (scene, witness) = (try Scene(), Witness())
        let action = Action("provision", remembersInventory: true) { _ in plan { _ in [FakeStep("a")] } }
        #expect(await run(scene, witness, action, inventory: "/dev/null").finish() == 0)
        #expect(RememberedInventory(scene.state).path == nil)
    }

    @Test("that is dry ends with 0, changes nothing, and leaves nothing behind")
    func dry() async throws {
        let (scene, witness) = (try Scene(), Witness())
        let action = Action("provision", isDryRun: true, remembersInventory: true) { _ in
            plan { _ in [FakeStep("a", ["x"]) { _ in Issue.record("a dry run changed something") }] }
        }
        #expect(await run(scene, witness, action).finish() == 0)
        #expect(witness.steps.map(\.outcome) == [.wouldChange, .wouldChange])
        #expect(witness.notes.last == "next  kubeforge provision lab.yaml")
        #expect(!scene.exists("home"))
    }

    @Test("that is dry and has nothing to change proposes what comes after it")
    func dryWithNothingToDo() async throws {
        let (scene, witness) = (try Scene(), Witness())
        let action = Action(
            "provision", isDryRun: true, remembersInventory: true, plan: { _ in plan { _ in [FakeStep("a")] } },
            next: { _ in ["kubeforge deploy"] })
        #expect(await run(scene, witness, action).finish() == 0)
        #expect(witness.notes.last == "next  kubeforge deploy")
        #expect(!scene.exists("home"))
    }

    @Test(
        "that lost a worker is incomplete; one that lost the control plane failed",
        arguments: [("kubnode", Int32(2)), ("kubmaster", 1)])
    func lost(host: String, code: Int32) async throws {
        let (scene, witness) = (try Scene(), Witness())
        let action = Action("provision", remembersInventory: true) { _ in
            plan { each in [FakeStep("a", ["x"]) { _ in if each.name == host { throw Problem(what: "\(host): no") } }] }
        }
        #expect(await run(scene, witness, action).finish() == code)
        #expect(witness.summary?.outcome == (code == 2 ? .incomplete : .failed))
        #expect(
            witness.notes.last
                == """
                next  fix the failures above, then run\n      kubeforge provision lab.yaml   (resumes where it \
                stopped)
                """
        )
        #expect(RememberedInventory(scene.state).path == nil)
    }

    @Test("goes on without a worker that cannot be reached, tells it, and is incomplete")
    func unreachableWorker() async throws {
        let (scene, witness) = (try Scene(), Witness())
        let run = run(scene, witness, Action("provision") { _ in plan { _ in [FakeStep("a", ["x"])] } }) { host in
            if host.name == "kubnode" { throw Problem(.unreachable, what: "kubnode: no route") }
            return FakeTransport()
        }
        #expect(await run.finish() == 2)
        #expect(witness.problems == ["kubnode: kubnode: no route"])
        #expect(witness.steps.map(\.host) == ["kubmaster"])
        #expect(witness.summary?.failed == 1)
    }

    @Test("is freed when it has ended, with all that it was given")
    func freed() async throws {
        weak var given: Scene?
        do {
            let scene = try Scene()
            given = scene
            #expect(
                await run(scene, Witness(), Action("provision") { _ in plan { _ in [] } }) { _ in FakeTransport() }
                    .finish() == 0)
        }
        #expect(given == nil)
    }

    @Test("that reaches no host ends with 4", arguments: [(Problem.Kind.unreachable, Int32(4)), (.usage, 64)])
    func unreachable(kind: Problem.Kind, code: Int32) async throws {
        let (scene, witness) = (try Scene(), Witness())
        let action = Action("provision") { _ in throw Problem(what: "never asked") }
        let run = run(scene, witness, action) { throw Problem(kind, what: "\($0.name): no route") }
        #expect(await run.finish() == code)
        #expect(witness.problems == ["kubmaster: kubmaster: no route", "kubnode: kubnode: no route"])
        #expect(witness.summary?.outcome == .failed)
        #expect(witness.summary?.failed == 2)
    }

    @Test(
        "that reaches no host ends with the reason that is not the network's, where there is one",
        arguments: ["kubmaster", "kubnode"])
    func otherReason(host: String) async throws {
        let (scene, witness) = (try Scene(), Witness())
        let action = Action("provision") { _ in throw Problem(what: "never asked") }
        let run = run(scene, witness, action) {
            throw Problem($0.name == host ? .usage : .unreachable, what: "\($0.name): no")
        }
        #expect(await run.finish() == 64)
    }

    @Test("that reaches no host, each for a reason of its own, ends with the first one's")
    func otherReasons() async throws {
        let action = Action("provision") { _ in throw Problem(what: "never asked") }
        let run = run(try Scene(), Witness(), action) {
            throw Problem($0.name == "kubmaster" ? .usage : .failed, what: "\($0.name): no")
        }
        #expect(await run.finish() == 64)
    }

    @Test("tells every problem of the inventory, ends with 3, and contacts nobody")
    func invalid() async throws {
        let (scene, witness) = (try Scene(), Witness())
        var run = run(scene, witness, Action("provision") { _ in plan { _ in [] } }) { _ in
            Issue.record("a host was contacted")
            return FakeTransport()
        }
        run.read = { path in
            throw Problems([
                Problem(.invalidInventory, what: "\(path):3:13  a"), Problem(.invalidInventory, what: "\(path):4:1  b"),
            ])
        }
        #expect(await run.finish() == 3)
        #expect(witness.problems == ["-: lab.yaml:3:13  a", "-: lab.yaml:4:1  b"])
        #expect(witness.summary?.outcome == .failed)
    }

    @Test("whose plan cannot be made ends with the code of its problem", arguments: Problem.Kind.allCases)
    func noPlan(kind: Problem.Kind) async throws {
        let (scene, witness) = (try Scene(), Witness())
        let action = Action("deploy") { _ in throw Problem(kind, what: "there is no cluster") }
        #expect(await run(scene, witness, action).finish() == kind.exitCode)
        #expect(witness.problems == ["-: there is no cluster"])
    }

    @Test("without an inventory ends with 64")
    func noInventory() async throws {
        let (scene, witness) = (try Scene(), Witness())
        #expect(await run(scene, witness, Action("deploy") { _ in plan { _ in [] } }, inventory: nil).finish() == 64)
        #expect(witness.problems.first?.hasPrefix("-: no inventory given") == true)
    }

    @Test("whose service answers wrongly has failed, though every step holds")
    func check() async throws {
        let (scene, witness) = (try Scene(), Witness())
        let action = Action("smoke-test", isExclusive: false) { session in
            let reporter = session.executor.reporter
            reporter.report(
                .check(CheckReport(name: "/score", isPassed: false, expected: "0.9", got: "0.1", milliseconds: 2)))
            return plan { _ in [FakeStep("a")] }
        }
        #expect(await run(scene, witness, action).finish() == 1)
        #expect(witness.summary?.outcome == .failed)
    }

    @Test("is refused while another works on the cluster, which it names", arguments: ["provision", "batch run"])
    func locked(other: String) async throws {
        let (scene, witness) = (try Scene(), Witness())
        let holder = RunLock.Holder(action: other, processID: 1234, since: scene.surroundings.now())
        let lock = try RunLock("lab", in: scene.state, for: holder)
        let action = Action("deploy") { _ in plan { _ in [FakeStep("a")] } }
        #expect(await run(scene, witness, action).finish() == 5)
        #expect(
            witness.problems == [
                """
                -: lab is in use by another kubeforge run
                  why  `kubeforge \(other)`, process 1234, since 2026-11-21T09:12:03Z
                  fix  wait for it to end, or end it after its running step: kill 1234
                """
            ])
        lock.end()
        #expect(await run(scene, Witness(), action).finish() == 0)
        #expect(await run(scene, Witness(), action).finish() == 0)
    }

    @Test("survey: a host that gives no answer is told and counts as failed")
    func survey() async throws {
        let (scene, witness) = (try Scene(), Witness())
        let action = Action("provision") { session in
            let met = await session.ask { _ in [.swaps] }
            #expect(met.isEmpty)
            return plan { _ in [] }
        }
        let sudo = Output(standardError: Array("sudo: a password is required\n".utf8), exit: .code(1))
        #expect(await run(scene, witness, action) { _ in FakeTransport { _ in sudo } }.finish() == 1)
        #expect(witness.problems.first?.hasPrefix("kubmaster: kubmaster: sudo asks ubuntu for a password") == true)
        #expect(witness.summary?.failed == 2)
    }

    @Test("survey: the loss of a worker makes the run incomplete, though all of the plan holds")
    func surveyWithoutWorker() async throws {
        let (scene, witness) = (try Scene(), Witness())
        let action = Action("provision") { session in
            _ = await session.ask { _ in [.swaps] }
            return Plan(stages: [], essential: ["kubmaster"])
        }
        let run = run(scene, witness, action) { host in
            let said = host.name == "kubmaster" ? Output(standardOutput: Array("0 0\n\n".utf8)) : Self.withoutPassword
            return FakeTransport { _ in said }
        }
        #expect(await run.finish() == 2)
        #expect(witness.summary?.outcome == .incomplete)
        #expect(witness.problems.count == 1)
        #expect(witness.problems.first?.hasPrefix("kubnode: kubnode: sudo asks ubuntu for a password") == true)
    }

    @Test("survey: problems are told in the order of the hosts' names, and count where no plan can be made")
    func surveyOrder() async throws {
        let (scene, witness) = (try Scene(), Witness())
        var cluster = Cluster.lab
        let names = (1...7).map { "node\($0)" }
        cluster.hosts = [Host.kubmaster] + names.map { Self.worker($0) }
        let action = Action("provision") { session in
            _ = await session.ask { _ in [.swaps] }
            throw Problem(what: "no plan")
        }
        var run = run(scene, witness, action) { _ in FakeTransport { _ in Self.withoutPassword } }
        run.read = { [cluster] _ in cluster }
        #expect(await run.finish() == 1)
        let told = witness.problems.map { String($0.prefix { $0 != ":" }) }
        #expect(told == ["kubmaster"] + names + ["-"])
        #expect(witness.summary?.failed == 8)
    }

    private static let withoutPassword = Output(
        standardError: Array("sudo: a password is required\n".utf8), exit: .code(1))

    private static func worker(_ name: String) -> Host {
        var host = Host.kubnode
        host.name = name
        return host
    }
}
