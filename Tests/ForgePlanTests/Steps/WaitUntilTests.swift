import ForgeCore
import ForgePlan
import ForgeTestSupport
import Synchronization
import Testing

@Suite("Waiting")
struct WaitUntilTests {
    private func until(
        _ limit: Duration = .seconds(3600), explain: (@Sendable (Machine) async throws -> String?)? = nil
    )
        -> WaitUntil
    {
        WaitUntil("pods run", within: limit, every: .zero, asking: [.swaps], fix: "describe them", explain: explain) {
            $0.swaps.map { "\($0) is not ready" }
        }
    }

    @Test("ends when nothing is left to wait for, and asks once each time")
    func ends() async throws {
        let left = Countdown(["a\nb\n", "b\n", ""])
        let transport = ScriptedTransport { _ in Output(frame(left.next())) }
        try await until().apply(to: Machine(host: Example.host(), transport: transport))
        #expect(await transport.commands.count == 3)
    }

    @Test("is not so for as long as something is not ready")
    func differences() {
        #expect(until().texts([.swaps: .swaps(["a"])]) == ["a is not ready"])
        #expect(until().texts([.swaps: .swaps([])]) == [])
    }

    @Test("in vain names what was not ready in the end, and its reason")
    func timeOut() async {
        let (machine, _) = Example.machine(answering: frame("a\nb\n"))
        await #expect(
            throws: Problem(
                what: "kubnode: timed out after 0 s waiting until pods run",
                why: "a is not ready\nb is not ready\nImagePullBackOff",
                fix: "describe them")
        ) {
            try await until(.zero) { _ in "ImagePullBackOff" }.apply(to: machine)
        }
    }

    @Test(
        "in vain has the fix that the last answers tell, where they tell one, and else the general one",
        arguments: [true, false])
    func cure(isKnown: Bool) async {
        let waiting = WaitUntil(
            "pods run", within: .zero, every: .zero, asking: [.swaps], fix: "describe them",
            cure: { isKnown ? "free \($0.swaps.joined())" : nil },
            notes: { answers, host in ["\(host.name): \(answers.swaps.count)"] },
            notReady: { $0.swaps.map { "\($0)" } })
        let (machine, _) = Example.machine(answering: frame("a\n"))
        let problem = await #expect(throws: Problem.self) { try await waiting.apply(to: machine) }
        #expect(problem?.fix == (isKnown ? "free a" : "describe them"))
        #expect(waiting.notes(given: Answers([.swaps: .swaps(["a", "b"])]), on: Example.host()) == ["kubnode: 2"])
    }

    @Test("in vain names what it saw though the reason cannot be found")
    func noReason() async {
        let (machine, _) = Example.machine(answering: frame("a\n"))
        let problem = await #expect(throws: Problem.self) {
            try await until(.zero) { _ in throw Problem(what: "gone") }.apply(to: machine)
        }
        #expect(problem?.why == "a is not ready")
    }

    @Test("ends at once when the task is cancelled")
    func cancelled() async {
        let (machine, _) = Example.machine(answering: frame("a\n"))
        let waiting = Task {
            try await WaitUntil("x", within: .seconds(600), every: .seconds(600), asking: [.swaps], fix: "") { _ in
                ["not yet"]
            }.apply(
                to: machine)
        }
        waiting.cancel()
        await #expect(throws: CancellationError.self) { try await waiting.value }
    }
}

/// Texts, one after the other; the last one again and again.
private final class Countdown: Sendable {
    private let texts: Mutex<[String]>

    init(_ texts: [String]) { self.texts = Mutex(texts) }

    func next() -> String { texts.withLock { $0.count > 1 ? $0.removeFirst() : $0[0] } }
}

@Suite("A change by commands")
struct ChangeTests {
    @Test("is decided by its answers and made by its closure")
    func change() async throws {
        let step = CommandStep("x is so", asking: [.swaps]) {
            $0.swaps.isEmpty ? [] : ["x is not so"]
        } by: {
            try await $0.run(Command("touch", "x"))
        }
        let (machine, transport) = Example.machine { _ in Output() }
        #expect(step.texts([.swaps: .swaps(["a"])]) == ["x is not so"])
        try await step.apply(to: machine)
        #expect(await transport.changes == ["touch x"])
    }
}
