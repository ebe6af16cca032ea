import ForgeCore
import ForgePlan
import ForgeTestSupport
import Testing

@Suite("A dry run")
struct DryRunTests {
    private let options = Executor.Options(isDryRun: true)

    /// `make` would be the test's failure: the host has nothing but questions answered.
    private func host(_ truths: Set<String> = []) -> FakeHost {
        FakeHost(truths) { name in
            Issue.record("a dry run makes \(name)")
            return .nothing
        }
    }

    @Test("asks once, says what it would change, and runs nothing but questions")
    func asksOnly() async {
        let rehearsal = Rehearsal(["a": host(["x"])], options: options)
        let result = await rehearsal.run(
            Rehearsal.stage("one", ["a": [Truth("x"), Truth("y")]]), Rehearsal.stage("two", ["a": [Truth("z")]]))
        #expect(await rehearsal.hosts["a"]!.log == ["look x y z"])
        #expect(
            rehearsal.listener.lines == [
                "== one", "a: unchanged x is so", "a: wouldChange y is so (y is not so)", "== two",
                "a: wouldChange z is so (z is not so)",
            ])
        #expect(result.hosts["a"].map { [$0.changed, $0.unchanged, $0.failed, $0.wouldChange] } == [0, 1, 0, 2])
        #expect(result.outcome(essential: []) == .ok)
    }

    @Test("does not call a finding of a preflight something that it would change")
    func preflight() async {
        let rehearsal = Rehearsal(["a": host()], options: options)
        let result = await rehearsal.run(
            Rehearsal.stage("fit", goesOnAfterFailure: true, ["a": [must("memory"), must("disk")]]))
        #expect(
            rehearsal.listener.lines == [
                "== fit", "a: failed memory is so (memory is not so)", "a: failed disk is so (disk is not so)",
            ])
        #expect(result.outcome(essential: []) == .failed)
    }
}
