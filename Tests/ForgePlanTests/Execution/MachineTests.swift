import ForgeCore
import ForgePlan
import ForgeTestSupport
import Testing

@Suite("A machine")
struct MachineTests {
    @Test(
        "says how a command ended",
        arguments: [
            (Output.Exit.code(3), "failed with exit code 3"),
            (.code(124), "did not end within its time limit of 900 s"),
            (.signal("KILL"), "was killed by SIGKILL"),
            (.unknown, "the connection was lost before the exit code arrived"),
        ])
    func ending(exit: Output.Exit, expected: String) async {
        let (machine, _) = Example.machine { _ in Output(standardError: Array("E: why\n".utf8), exit: exit) }
        await #expect(throws: Problem(what: "kubnode: `sudo false` \(expected)", why: "E: why", fix: "type this")) {
            try await machine.run(Command("false").asRoot(), fix: "type this")
        }
    }

    @Test("shows the first line of a script, and not a whole page")
    func summary() async {
        let (machine, _) = Example.machine { _ in .failed(1, "no") }
        let problem = await #expect(throws: Problem.self) {
            try await machine.run(Command("sh", "-c", "set -e\nexit 1"))
        }
        #expect(problem?.what == "kubnode: `sh -c 'set -e …` failed with exit code 1")
        let long = await #expect(throws: Problem.self) {
            try await machine.run(Command("echo", Word(String(repeating: "x", count: 300))))
        }
        #expect(long?.what == "kubnode: `echo \(String(repeating: "x", count: 195)) …` failed with exit code 1")
    }

    @Test("keeps a quiet command's output out of events and errors")
    func quiet() async {
        let listener = Listener()
        let transport = ScriptedTransport { _ in Output(standardOutput: Array("abcdef.secret\n".utf8), exit: .code(1)) }
        let machine = Machine(host: Example.host(), transport: transport) {
            if case .line(let line) = $0 { listener.report(.output(host: "a", line)) }
        }
        let problem = await #expect(throws: Problem.self) {
            try await machine.runUnlogged(Command("kubeadm", "token", "create"))
        }
        #expect(problem == Problem(what: "kubnode: `kubeadm token create` failed with exit code 1"))
        #expect(listener.lines == [])
    }

    @Test("reaches another one of the run, and no other")
    func peers() async throws {
        let fleet = await Fleet.connect([Example.host("a"), Example.host("b")], width: 2) { _ in FakeHost() }
        #expect(try await fleet.machine("a").peer("b").host.name == "b")
        await #expect(throws: Problem(what: "c is not part of this run")) { try await fleet.machine("a").peer("c") }
    }
}

@Suite("A host that cannot be reached")
struct UnreachableTests {
    private let refusal = Problem(.unreachable, what: "b: connection refused")

    private func fleet(_ good: any Transport, width: Int = 4) async -> Fleet {
        await Fleet.connect(["a", "b"].map { Example.host($0) }, width: width) { host in
            guard host.name == "a" else { throw refusal }
            return good
        }
    }

    @Test("is a result: the others are worked on")
    func result() async {
        let (good, listener) = (FakeHost(), Listener())
        let plan = Plan(stages: [Rehearsal.stage("one", ["a": [Truth("x")], "b": [Truth("x")]])], essential: ["a"])
        let result = await Executor(fleet: await fleet(good), reporter: listener).run(plan)
        #expect(result.failures == ["b": refusal])
        #expect(await good.truths == ["x"])
        #expect(result.outcome(essential: ["a"]) == .incomplete)
        #expect(result.hosts["b"]?.failed == 1)
    }

    @Test("and is essential ends the run before anything is changed")
    func essential() async {
        let good = FakeHost()
        let plan = Plan(stages: [Rehearsal.stage("one", ["a": [Truth("x")], "b": [Truth("x")]])], essential: ["b"])
        let result = await Executor(fleet: await fleet(good), reporter: Listener()).run(plan)
        #expect(await good.truths.isEmpty)
        #expect(result.outcome(essential: ["b"]) == .failed)
    }

    @Test("is named with its reason, and has no machine")
    func named() async throws {
        let fleet = await fleet(FakeHost())
        #expect(fleet.unreachable.map(\.host) == ["b"])
        #expect(fleet.unreachable.map(\.problem) == [refusal])
        #expect(fleet.reachable.map(\.name) == ["a"])
        #expect(throws: refusal) { try fleet.machine("b") }
        #expect(throws: Problem(what: "c is not part of this run")) { try fleet.machine("c") }
    }

    @Test("stands in the order of names, whichever gave up first")
    func order() async {
        let names = ["d", "a", "h", "c", "b", "f", "e", "g"]
        let fleet = await Fleet.connect(names.map { Example.host($0) }, width: 4) { _ in throw refusal }
        #expect(fleet.unreachable.map(\.host) == ["a", "b", "c", "d", "e", "f", "g", "h"])
        #expect(fleet.reachable == [])
        let good = await Fleet.connect(names.map { Example.host($0) }, width: 4) { _ in FakeHost() }
        #expect(good.reachable.map(\.name) == ["a", "b", "c", "d", "e", "f", "g", "h"])
    }

    @Test("in the middle of a run fails its step, with the connection's own words")
    func breaksOff() async {
        let lost = Problem(.unreachable, what: "a: the connection was lost")
        let host = BreakingTransport(problem: lost)
        let listener = Listener()
        let fleet = await Fleet.connect([Example.host("a")], width: 1) { _ in host }
        let result = await Executor(fleet: fleet, reporter: listener).run(
            Plan(stages: [Rehearsal.stage("one", ["a": [Truth("x")]])]))
        #expect(result.failures == ["a": lost])
        #expect(listener.lines == ["a: a: the connection was lost", "== one"])
        #expect(result.outcome(essential: []) == .failed)
    }
}

/// A connection that is gone.
private struct BreakingTransport: Transport {
    let problem: Problem

    var traffic: Traffic { Traffic() }

    func run(_ command: Command, onLine: @escaping @Sendable (OutputLine) -> Void) async throws -> Output {
        throw problem
    }

    func close() async {}
}
