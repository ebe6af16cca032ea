import ForgeCLI
import ForgeCore
import ForgeInventory
import ForgePlan
import Glibc
import Testing

@Suite("Ctrl-C")
struct CancellationSourceTests {
    /// Two steps on each host; the first of kubmaster goes on until the test lets it end.
    private func run(_ scene: Scene, _ witness: Witness, answer: @escaping @Sendable (Command) async throws -> Output)
        -> ActionRunner
    {
        let action = Action("provision") { _ in
            Plan(stages: [
                Stage("a", on: [.kubmaster]) { _ in
                    [
                        FakeStep("packages are installed", ["x"]) { try await $0.run(Command("apt-get", "install")) },
                        FakeStep("swap is off", ["y"]),
                    ]
                },
                Stage("b", on: [.kubmaster]) { _ in [FakeStep("never", ["z"])] },
            ])
        }
        return ActionRunner(
            action, inventory: "lab.yaml", surroundings: scene.surroundings, reporter: witness, read: { _ in .lab },
            connect: { _ in FakeTransport(answer: answer) })
    }

    @Test("once lets the running step end, begins no other, and ends with 130")
    func once() async throws {
        let (scene, witness) = (try Scene(), Witness())
        let (begun, begin) = AsyncStream<Void>.makeStream()
        let (ended, end) = AsyncStream<Void>.makeStream()
        let run = run(scene, witness) { _ in
            begin.finish()
            for await _ in ended {}
            return Output()
        }
        async let code = run.finish()
        for await _ in begun {}
        run.cancellation.request()
        end.finish()
        #expect(await code == 130)
        #expect(witness.steps.map { "\($0.title): \($0.outcome)" } == ["packages are installed: changed"])
        #expect(witness.summary?.outcome == .incomplete)
        #expect(
            Array(witness.notes.dropFirst()) == [
                "finishing the current step on each host; press Ctrl-C again to stop now",
                "next  kubeforge provision lab.yaml   (resumes where it stopped)",
            ])
    }

    @Test("once is the ordinary end of what only watches: 0, and nothing to type next")
    func watching() async throws {
        let (scene, witness) = (try Scene(), Witness())
        let (begun, begin) = AsyncStream<Void>.makeStream()
        var action = Action.query("logs") { _ in
            begin.finish()
            let (never, keep) = AsyncStream<Void>.makeStream()
            for await _ in never {}
            keep.finish()
        }
        action.endsWhenInterrupted = true
        let run = ActionRunner(
            action, inventory: "lab.yaml", surroundings: scene.surroundings, reporter: witness, read: { _ in .lab },
            connect: { _ in FakeTransport() })
        async let code = run.finish()
        for await _ in begun {}
        run.cancellation.request()
        #expect(await code == 0)
        #expect(witness.summary?.outcome == .ok)
        #expect(Array(witness.notes.dropFirst()) == [])
    }

    /// The exit code of an action that is interrupted while its hosts are connected to, and what it told.
    private func interrupted(_ action: Action) async throws -> (Int32, Witness) {
        let (scene, witness) = (try Scene(), Witness())
        let (begun, begin) = AsyncStream<Void>.makeStream()
        let run = ActionRunner(
            action, inventory: "lab.yaml", surroundings: scene.surroundings, reporter: witness, read: { _ in .lab },
            connect: { _ in
                begin.finish()
                try await Task.sleep(for: .seconds(3600))
                return FakeTransport()
            })
        async let code = run.finish()
        for await _ in begun {}
        run.cancellation.request()
        return (await code, witness)
    }

    @Test("once gives up hosts that are only connected to, and tells no problem of theirs")
    func connecting() async throws {
        let action = Action("provision") { _ in
            Plan(stages: [Stage("a", on: [.kubmaster]) { _ in [FakeStep("never", ["x"])] }])
        }
        let (code, witness) = try await interrupted(action)
        #expect(code == 130)
        #expect(witness.steps.isEmpty)
        #expect(witness.problems == [])
        #expect(witness.summary?.outcome == .incomplete)
        #expect(Array(witness.notes.dropFirst()) == ["next  kubeforge provision lab.yaml   (resumes where it stopped)"])
    }

    @Test("is the ordinary end of what only watches also while its host is connected to")
    func watchingTooEarly() async throws {
        var action = Action.query("logs") { _ in Issue.record("it was asked") }
        action.endsWhenInterrupted = true
        let (code, witness) = try await interrupted(action)
        #expect(code == 0)
        #expect(witness.problems == [])
        #expect(witness.summary?.outcome == .ok)
        #expect(Array(witness.notes.dropFirst()) == [])
    }

    @Test("twice waits no longer, and lists what may still run")
    func twice() async throws {
        let (scene, witness) = (try Scene(), Witness())
        let (begun, begin) = AsyncStream<Void>.makeStream()
        let run = run(scene, witness) { _ in
            begin.finish()
            let (never, keep) = AsyncStream<Void>.makeStream()
            for await _ in never {}
            try Task.checkCancellation()
            keep.finish()
            return Output()
        }
        async let code = run.finish()
        for await _ in begun {}
        run.cancellation.request()
        run.cancellation.request()
        #expect(await code == 130)
        #expect(witness.steps.map(\.outcome) == [.failed])
        #expect(witness.steps.first?.problem?.what == "kubmaster: stopped waiting")
        #expect(witness.notes.contains("may still run on kubmaster: `apt-get install` (its time limit there: 15 min)"))
    }

    @Test("before the first step begins none")
    func early() async throws {
        let (scene, witness) = (try Scene(), Witness())
        let run = run(scene, witness) { _ in Output() }
        run.cancellation.request()
        #expect(await run.finish() == 130)
        #expect(witness.steps.isEmpty)
    }
}

@Suite("A signal", .serialized)
struct SignalsTests {
    @Test("that asks to stop is heard, and does not end the process", arguments: [SIGINT, SIGTERM, SIGHUP])
    func heard(number: Int32) async throws {
        // The tests may run below nohup.
        signal(number, SIG_DFL)
        let (heard, hear) = AsyncStream<Void>.makeStream()
        let signals = try Signals { hear.finish() }
        kill(getpid(), number)
        for await _ in heard {}
        signals.end()
    }

    @Test("that says that the terminal is gone stays ignored below nohup")
    func ignored() async throws {
        signal(SIGHUP, SIG_IGN)
        defer { signal(SIGHUP, SIG_DFL) }
        let signals = try Signals {}
        #expect(isIgnored(SIGHUP))
        #expect(!isIgnored(SIGTERM))
        signals.end()
        #expect(isIgnored(SIGHUP))
    }

    private func isIgnored(_ number: Int32) -> Bool {
        var action = sigaction()
        sigaction(number, nil, &action)
        return unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self) == 1
    }
}
