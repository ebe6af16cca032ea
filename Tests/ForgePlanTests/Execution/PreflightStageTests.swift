import ForgeCore
import ForgePlan
import ForgeTestSupport
import Testing

@Suite("A preflight stage")
struct PreflightStageTests {
    @Test("tells all findings of all hosts, in one round trip each, before anything is changed")
    func allFindings() async {
        let rehearsal = Rehearsal(["a": FakeHost(["disk"]), "b": FakeHost()], essential: ["a"])
        let steps = ["memory", "disk", "clock"].map(must)
        let result = await rehearsal.run(
            Rehearsal.stage("fit", goesOnAfterFailure: true, ["a": steps, "b": steps]),
            Rehearsal.stage("work", ["a": [Truth("x")], "b": [Truth("x")]]))
        #expect(
            rehearsal.listener.lines(about: "a") == [
                "== fit", "a: failed memory is so (memory is not so)", "a: unchanged disk is so",
                "a: failed clock is so (clock is not so)",
            ])
        #expect(rehearsal.listener.lines(about: "b").count == 4)
        #expect(await rehearsal.hosts["a"]!.log == ["look memory disk clock x"])
        #expect(await rehearsal.hosts["b"]!.log == ["look memory disk clock x"])
        #expect(
            result.failures["a"]
                == Problem(what: "a: requirement not met: memory is so", why: "memory is not so", fix: "make memory"))
        #expect(result.hosts["a"]?.failed == 2)
    }

    @Test("that finds nothing but a worker's fault costs the others no second look")
    func workerFinding() async {
        let rehearsal = Rehearsal(["a": FakeHost(["memory", "x"]), "b": FakeHost(["x"])], essential: ["a"])
        let result = await rehearsal.run(
            Rehearsal.stage("fit", goesOnAfterFailure: true, ["a": [must("memory")], "b": [must("memory")]]),
            Rehearsal.stage("work", ["a": [Truth("x")], "b": [Truth("x")]]))
        #expect(await rehearsal.hosts["a"]!.log == ["look memory x"])
        #expect(rehearsal.listener.lines(about: "b").last == "== work")
        #expect(result.outcome(essential: ["a"]) == .incomplete)
    }

    @Test("applied by hand explains itself all the same")
    func applied() async {
        let (machine, _) = Example.machine(answering: frame("", code: 1))
        await #expect(
            throws: Problem(
                what: "kubnode: requirement not met: memory is so", why: "memory is not so", fix: "make memory")
        ) {
            try await must("memory").apply(to: machine)
        }
    }
}
