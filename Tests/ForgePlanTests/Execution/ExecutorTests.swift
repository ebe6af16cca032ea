import ForgeCore
import ForgePlan
import ForgeTestSupport
import Synchronization
import Testing

@Suite("A run")
struct ExecutorTests {
    @Test("over hosts that are as they shall be is one round trip each, over all stages")
    func converged() async {
        let rehearsal = Rehearsal(["a": FakeHost(["x", "y", "z"]), "b": FakeHost(["x"])])
        let result = await rehearsal.run(
            Rehearsal.stage("one", ["a": [Truth("x"), Truth("y")], "b": [Truth("x")]]),
            Rehearsal.stage("two", ["a": [Truth("z"), Truth("x")]]))
        #expect(await rehearsal.hosts["a"]!.log == ["look x y z"])
        #expect(await rehearsal.hosts["b"]!.log == ["look x"])
        #expect(
            rehearsal.listener.lines(about: "a") == [
                "== one", "a: unchanged x is so", "a: unchanged y is so", "== two", "a: unchanged z is so",
                "a: unchanged x is so",
            ])
        #expect(result.hosts["a"]?.unchanged == 4)
        #expect(result.hosts["a"]?.traffic.roundTrips == 1)
        #expect(result.outcome(essential: []) == .ok)
    }

    @Test("changes what is not so, and asks that and what follows again in one round trip")
    func changes() async {
        let rehearsal = Rehearsal(["a": FakeHost(["y"])])
        let result = await rehearsal.run(Rehearsal.stage("one", ["a": [Truth("x"), Truth("y"), Truth("z")]]))
        #expect(await rehearsal.hosts["a"]!.log == ["look x y z", "make x", "look x y z", "make z", "look z"])
        #expect(
            rehearsal.listener.lines == [
                "== one", "a: … x is so", "a: > making x", "a: changed x is so (x is not so)", "a: unchanged y is so",
                "a: … z is so", "a: > making z", "a: changed z is so (z is not so)",
            ])
        #expect(result.hosts["a"].map { [$0.changed, $0.unchanged, $0.failed, $0.wouldChange] } == [2, 1, 0, 0])
    }

    @Test("sees what a change has undone")
    func undone() async {
        let rehearsal = Rehearsal(["a": FakeHost(["y"], onMake: { $0 == "x" ? .breaks("y") : .makes })])
        _ = await rehearsal.run(Rehearsal.stage("one", ["a": [Truth("x"), Truth("y")]]))
        #expect(await rehearsal.hosts["a"]!.log == ["look x y", "make x", "look x y", "make y", "look y"])
    }

    @Test("looks again at every stage after a change, on all hosts, and never acts on what was not asked")
    func looksAgain() async {
        let rehearsal = Rehearsal(["a": FakeHost(["y", "z"]), "b": FakeHost(["x", "y", "z"])])
        let result = await rehearsal.run(
            Rehearsal.stage("one", ["a": [Truth("x")], "b": [Truth("x")]]),
            Rehearsal.stage("two", ["a": [Truth("y")], "b": [Truth("y")]]),
            Rehearsal.stage("three", ["a": [Truth("z")], "b": [Truth("z")]]))
        #expect(await rehearsal.hosts["a"]!.log == ["look x y z", "make x", "look x", "look y", "look z"])
        #expect(await rehearsal.hosts["b"]!.log == ["look x y z", "look y", "look z"])
        #expect(result.hosts["a"].map { [$0.changed, $0.unchanged] } == [1, 2])
    }

    /// A step that holds, would be made, or fails, and has something to tell beside.
    private struct Telling: Step {
        let truth: Truth
        var title: String { truth.title }
        var questions: [Question] { truth.questions }
        func differences(given answers: Answers) -> [Difference] { truth.differences(given: answers) }
        func apply(to machine: Machine) async throws { try await truth.apply(to: machine) }
        func notes(given answers: Answers, on host: ForgeCore.Host) -> [String] {
            ["\(host.name): of \(truth.title), \(answers.missing(of: questions).count)"]
        }
    }

    @Test("tells what a step has to tell beside, once, whether it holds or is made, and with the newest answers")
    func notes() async {
        let rehearsal = Rehearsal(["a": FakeHost(["x"])])
        _ = await rehearsal.run(
            Rehearsal.stage("one", ["a": [Telling(truth: Truth("x")), Telling(truth: Truth("y"))]]))
        #expect(rehearsal.listener.lines.filter { $0.contains(": of ") } == ["a: of x is so, 0", "a: of y is so, 0"])
    }

    @Test("may begin with a step of one host, before all that it has, and where it has nothing")
    func beginning() {
        let plan = Plan(stages: [
            Rehearsal.stage("one", ["a": [Truth("x")]]), Rehearsal.stage("two", ["a": [Truth("y")]]),
        ])
        func titles(_ host: String) -> [[String]] {
            plan.beginning(with: Truth("z"), on: Example.host(host)).stages.map { $0.steps(for: host).map(\.title) }
        }
        #expect(titles("a") == [["z is so", "x is so"], ["y is so"]])
        #expect(titles("b") == [["z is so"], []])
        let other = plan.beginning(with: Truth("z"), on: Example.host("b"))
        #expect(other.stages[0].work.map(\.host.name) == ["b", "a"])
        #expect(Plan(stages: []).beginning(with: Truth("z"), on: Example.host("a")).stages.isEmpty)
    }

    @Test("looks again on the other hosts after a change that failed: it may have changed something all the same")
    func looksAgainAfterFailure() async {
        let rehearsal = Rehearsal(["a": FakeHost(onMake: { _ in .fails("half done") }), "b": FakeHost(["y"])])
        _ = await rehearsal.run(
            Rehearsal.stage("one", ["a": [Truth("x")]]), Rehearsal.stage("two", ["b": [Truth("y")]]))
        #expect(await rehearsal.hosts["b"]!.log == ["look y", "look y"])
    }

    @Test("tells the lines of pods that a step follows")
    func podLines() async {
        struct Following: Step {
            let truth = Truth("x")
            var title: String { truth.title }
            var questions: [Question] { truth.questions }
            func differences(given answers: Answers) -> [Difference] { truth.differences(given: answers) }
            func apply(to machine: Machine) async throws {
                machine.tell(PodLine(pod: "a-1", text: "433 rows"))
                try await truth.apply(to: machine)
            }
        }
        let rehearsal = Rehearsal(["a": FakeHost()])
        _ = await rehearsal.run(Rehearsal.stage("one", ["a": [Following()]]))
        #expect(
            rehearsal.listener.lines == [
                "== one", "a: … x is so", "a-1: > 433 rows", "a: > making x", "a: changed x is so (x is not so)",
            ])
        let alone = PodLine(pod: "a-1", text: "433 rows")
        #expect(alone == PodLine(pod: "a-1", text: "433 rows", place: 0, columns: 0), "the first, with no column")
    }

    @Test("leaves out what a host has left of a stage in which it failed")
    func leavesOut() async {
        let steps: [any Step] = [Truth("x"), Truth("y")]
        let stages = [
            Stage("one", on: [Example.host("a")]) { _ in steps },
            Stage("one", [Stage.Work(host: Example.host("a"), steps: steps)]),
        ]
        for stage in stages {
            let rehearsal = Rehearsal(["a": FakeHost(onMake: { _ in .fails("broken") })])
            let result = await rehearsal.run(stage)
            #expect(await rehearsal.hosts["a"]!.log == ["look x y", "make x"])
            #expect(result.hosts["a"]?.failed == 1)
        }
    }

    @Test("that changes something which is still not so afterwards fails with the difference")
    func stillNotSo() async {
        let rehearsal = Rehearsal(["a": FakeHost(onMake: { _ in .nothing })])
        let result = await rehearsal.run(Rehearsal.stage("one", ["a": [Truth("x"), Truth("y")]]))
        #expect(
            result.failures["a"]
                == Problem(
                    what: "a: x is so: the change did not take effect", why: "x is not so",
                    fix: "look at the log for what the change printed, and run again"))
        #expect(rehearsal.listener.lines.last == "a: failed x is so (x is not so)")
        #expect(await rehearsal.hosts["a"]!.log == ["look x y", "make x", "look x y"])
        #expect(result.hosts["a"].map { [$0.changed, $0.failed] } == [0, 1])
        #expect(result.outcome(essential: []) == .failed)
    }

    @Test("tells what a failed command said, and what to do")
    func failedCommand() async {
        let rehearsal = Rehearsal(["a": FakeHost(onMake: { _ in .fails("E: no such thing\n\n") })])
        let result = await rehearsal.run(Rehearsal.stage("one", ["a": [Truth("x")]]))
        #expect(
            result.failures["a"]
                == Problem(what: "a: `make x` failed with exit code 100", why: "E: no such thing", fix: "try again"))
    }

    @Test("sets a failed worker aside, and finishes the rest")
    func worker() async {
        let rehearsal = Rehearsal(
            ["a": FakeHost(), "b": FakeHost(onMake: { _ in .fails("broken") })], essential: ["a"])
        let result = await rehearsal.run(
            Rehearsal.stage("one", ["a": [Truth("x")], "b": [Truth("x")]]),
            Rehearsal.stage("two", ["a": [Truth("y")], "b": [Truth("y")]]))
        #expect(await rehearsal.hosts["a"]!.truths == ["x", "y"])
        #expect(
            rehearsal.listener.lines(about: "b") == [
                "== one", "b: … x is so", "b: > making x", "b: failed x is so (x is not so)", "== two",
            ])
        #expect(result.failures.keys.sorted() == ["b"])
        #expect(result.outcome(essential: ["a"]) == .incomplete)
    }

    @Test("ends after the stage in which an essential host failed")
    func essential() async {
        let rehearsal = Rehearsal(
            ["a": FakeHost(onMake: { _ in .fails("broken") }), "b": FakeHost()], essential: ["a"])
        let result = await rehearsal.run(
            Rehearsal.stage("one", ["a": [Truth("x")], "b": [Truth("x")]]),
            Rehearsal.stage("two", ["a": [Truth("y")], "b": [Truth("y")]]))
        #expect(await rehearsal.hosts["b"]!.truths == ["x"])
        #expect(!rehearsal.listener.lines.contains("== two"))
        #expect(result.outcome(essential: ["a"]) == .failed)
    }

    @Test("does not cancel a neighbour in the middle of its work")
    func neighbour() async {
        let (failed, fail) = AsyncStream.makeStream(of: Void.self)
        let slow = FakeHost { _ in
            for await _ in failed {}
            return Task.isCancelled ? .fails("cancelled") : .makes
        }
        let quick = FakeHost { _ in
            fail.finish()
            return .fails("broken")
        }
        let result = await Rehearsal(["quick": quick, "slow": slow], essential: ["quick"]).run(
            Rehearsal.stage("one", ["quick": [Truth("x")], "slow": [Truth("x"), Truth("y")]]))
        #expect(result.failures.keys.sorted() == ["quick"])
        #expect(await slow.truths.contains("x"))
    }

    @Test("whose hosts have all failed has failed, even where none is essential")
    func allFailed() async {
        let rehearsal = Rehearsal([
            "a": FakeHost(onMake: { _ in .fails("1") }), "b": FakeHost(onMake: { _ in .fails("2") }),
        ])
        let result = await rehearsal.run(Rehearsal.stage("one", ["a": [Truth("x")], "b": [Truth("x")]]))
        #expect(result.outcome(essential: []) == .failed)
    }

    @Test("that is interrupted ends the step under way and begins no other")
    func interrupted() async {
        let isInterrupted = Mutex(false)
        let host = FakeHost { _ in
            isInterrupted.withLock { $0 = true }
            return .makes
        }
        let rehearsal = Rehearsal(["a": host], options: .init(isInterrupted: { isInterrupted.withLock { $0 } }))
        let result = await rehearsal.run(
            Rehearsal.stage("one", ["a": [Truth("x"), Truth("y")]]), Rehearsal.stage("two", ["a": [Truth("z")]]))
        #expect(
            rehearsal.listener.lines == ["== one", "a: … x is so", "a: > making x", "a: changed x is so (x is not so)"])
        #expect(result.failures.isEmpty)
        #expect(await host.truths == ["x"])
    }

    @Test("tells nobody a secret, in no event and in no error")
    func secrets() async {
        let rehearsal = Rehearsal(["a": FakeHost(onMake: { $0 == "y" ? .fails("no") : .makes })])
        let result = await rehearsal.run(
            Rehearsal.stage("one", ["a": [Truth("x", input: "abcdef.0123"), Truth("y", input: "abcdef.0123")]]))
        #expect(!rehearsal.listener.lines.contains { $0.contains("abcdef") })
        #expect(result.failures["a"].map { !"\($0)".contains("abcdef") } == true)
    }

    @Test(
        "works on no more hosts at once than it may, and on 32 where nobody says how many", .timeLimit(.minutes(1)),
        arguments: [(1, 3, false), (2, 6, false), (32, 70, true)])
    func width(most: Int, count: Int, isDefault: Bool) async {
        let gauge = Gauge(least: most)
        let names = (1...count).map { "h\($0)" }
        let hosts = Dictionary(uniqueKeysWithValues: names.map { name in (name, FakeHost { _ in await gauge.pass() }) })
        let options = isDefault ? Executor.Options() : Executor.Options(width: most)
        let rehearsal = Rehearsal(hosts, options: options)
        let result = await rehearsal.run(
            Rehearsal.stage("one", Dictionary(uniqueKeysWithValues: names.map { ($0, [Truth("x")]) })))
        #expect(result.hosts.values.allSatisfy { $0.changed == 1 })
        #expect(await gauge.most == most)
    }

    @Test("keeps the order of its hosts, whoever is done first, and works on one at least", arguments: [0, 1, 8])
    func order(width: Int) async {
        let numbers = Array(1...50)
        let doubled = await numbers.mapConcurrently(width: width) { $0 * 2 }
        #expect(doubled == numbers.map { $0 * 2 })
    }
}

/// Counts who is inside at the same time. The first ones wait until there have been so many, or the test's time is
/// over; later ones may be fewer.
private actor Gauge {
    private let least: Int
    private var now = 0
    private(set) var most = 0

    init(least: Int) { self.least = least }

    func pass() async -> FakeHost.Effect {
        now += 1
        most = max(most, now)
        while most < least, !Task.isCancelled { await Task.yield() }
        for _ in 0..<100 { await Task.yield() }
        now -= 1
        return .makes
    }
}
