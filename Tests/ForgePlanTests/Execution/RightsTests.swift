import ForgeCore
import ForgePlan
import ForgeTestSupport
import Synchronization
import Testing

@Suite("What a run may do")
struct RightsTests {
    private static let own = holder("a")
    private static let other = holder("b")

    private static func holder(_ digit: String) -> Holder {
        Holder(
            run: String(repeating: digit, count: 16), person: "ben@desk", computer: "c0ffee", processID: 9,
            since: "2026-11-21T09:12:03Z",
            command: "deploy")
    }

    private static func refusal(_ holder: Holder) -> Output {
        .failed(MachineLock.refusal, "apt says\nkubeforge-lock: \(holder.line)\n")
    }

    private func machine(
        _ transport: any Transport, _ rights: Rights, onLine: @escaping @Sendable (OutputLine) -> Void = { _ in }
    )
        -> Machine
    {
        Machine(
            host: Example.host(), transport: transport, onNews: { if case .line(let line) = $0 { onLine(line) } },
            rights: rights)
    }

    @Test(
        """
        root's commands change the machine under its lock; looks, kubectl and what only talks to others do not wait \
        for it
        """
    )
    func locked() async throws {
        let host = ScriptedTransport { $0.inputText.contains("swaps") ? Output(frame("")) : Output("") }
        let machine = machine(host, Rights(MachineLock(Self.own)))
        try await machine.run(Command("apt-get", "install").asRoot())
        _ = try await machine.attempt(Command("sh", "-c", "true").asRoot())
        _ = try await machine.runUnlogged(Command("sh", "-c", "true").asRoot())
        try await machine.write(RemoteFile("/etc/hosts", "x\n"))
        try await machine.run(Command("kubectl", "apply").asRoot())
        try await machine.run(Command("sh", "-c", "curl").asRoot().leavingHost())
        try await machine.run(Command("curl", "-q"))
        _ = try await machine.ask([.swaps])
        let locks = await host.commands.map { $0.lock?.holder }
        #expect(locks == [Self.own, Self.own, Self.own, Self.own, nil, nil, nil, nil])
    }

    @Test("what another run holds is refused with its name, and a line for kubeforge alone is told nobody")
    func held() async throws {
        let host = ScriptedTransport { _ in Self.refusal(Self.other) }
        let told = Lines()
        let machine = machine(host, Rights(MachineLock(Self.own))) { told.add($0.text) }
        let problem = await #expect(throws: Problem.self) { try await machine.run(Command("true").asRoot()) }
        #expect(
            problem?.description
                == """
                kubnode: kubnode is being changed by another kubeforge run
                  why  it is held by `kubeforge deploy` of ben@desk, process 9, since 2026-11-21T09:12:03Z
                  fix  wait for it to end; after a run that was killed, `kubeforge unlock` shows and removes what it \
                held
                """.replacing("kubnode: kubnode is", with: "kubnode is"))
        #expect(problem?.kind == .held)
        #expect(told.all == ["apt says"])
        #expect(await host.commands.count == 1)
    }

    private static let busy = Output.failed(MachineLock.busy, "kubeforge-lock: \(other.line)\n")

    @Test("a command of another that runs is waited for, which is said once, and named when it does not end")
    func waits() async throws {
        let turns = Lines()
        let host = ScriptedTransport { _ in
            turns.add("turn")
            return turns.all.count < 4 ? Self.busy : Output("mine\n")
        }
        let told = Lines()
        let waiting = machine(host, Rights(MachineLock(Self.own))) { told.add($0.text) }
        #expect(try await waiting.run(Command("true").asRoot()).text == "mine\n")
        #expect(told.all == ["waiting up to 600 s for a command that runs on this host", "mine"])
        #expect(await host.commands.count == 4)
        let endless = ScriptedTransport { _ in Self.busy }
        let rights = Rights(MachineLock(Self.own), patience: .zero)
        let problem = await #expect(throws: Problem.self) {
            try await machine(endless, rights).run(Command("true").asRoot())
        }
        #expect(problem?.what == "kubnode is being changed by another kubeforge run")
        #expect(await endless.commands.count == 1)
    }

    @Test("the first Ctrl-C ends the waiting for another's command")
    func interrupted() async throws {
        let host = ScriptedTransport { _ in Self.busy }
        let rights = Rights(MachineLock(Self.own), isInterrupted: { true })
        let problem = await #expect(throws: Problem.self) {
            try await machine(host, rights).run(Command("true").asRoot())
        }
        #expect(problem?.kind == .interrupted)
        #expect(await host.commands.count == 1)
    }

    @Test("what a run held is taken when its process is known to be gone, once for the whole run")
    func ended() async throws {
        let host = ScriptedTransport { $0.lock?.ended == Self.other.run ? Output("") : Self.refusal(Self.other) }
        let rights = Rights(MachineLock(Self.own), isEnded: { $0 == Self.other })
        let machine = machine(host, rights)
        try await machine.run(Command("true").asRoot())
        try await machine.run(Command("true").asRoot())
        #expect(await host.commands.map { $0.lock?.ended } == [nil, Self.other.run, Self.other.run])
        // Who refuses again and again is not asked for ever.
        let stubborn = ScriptedTransport { _ in Self.refusal(Self.other) }
        await #expect(throws: Problem.self) { try await self.machine(stubborn, rights).run(Command("true").asRoot()) }
        #expect(await stubborn.commands.count == 1)
    }

    @Test("a run that lost its Lease runs no command any longer")
    func fenced() async throws {
        let host = ScriptedTransport { _ in Output("") }
        let machine = machine(host, Rights(MachineLock(Self.own), fence: { throw Problem(.held, what: "lost") }))
        for command in [Command("true").asRoot(), Command("kubectl").asRoot(), Command("true")] {
            await #expect(throws: Problem(.held, what: "lost")) { try await machine.run(command) }
        }
        #expect(await host.commands == [])
    }

    @Test("the first Ctrl-C ends a step that only waits")
    func waiting() async throws {
        let host = ScriptedTransport { _ in Output(frame("a\n")) }
        let machine = machine(host, Rights(MachineLock(Self.own), isInterrupted: { true }))
        let until = WaitUntil("pods run", within: .seconds(5), asking: [.swaps], fix: "") {
            $0.swaps.map { "\($0) is not ready" }
        }
        let problem = await #expect(throws: Problem.self) { try await until.apply(to: machine) }
        #expect(problem?.kind == .interrupted)
        #expect(await host.commands.count == 1)
    }

    @Test(
        "a machine that it keeps is given back at the end; where it took nothing, nothing is asked",
        arguments: [0, 1, 600])
    func givenBack(keeps: Int) async throws {
        let host = ScriptedTransport { _ in Output("") }
        let rights = Rights(MachineLock(Self.own, keeps: keeps))
        func fleet() async -> Fleet { await Fleet.connect([Example.host()], width: 1, rights: rights) { _ in host } }
        await fleet().close()
        #expect(await host.commands.count == 0)
        let used = await fleet()
        try await used.machine("kubnode").run(Command("true").asRoot())
        await used.close()
        #expect(await host.commands.count == (keeps > 0 ? 2 : 1))
        #expect(await host.commands.last?.lock == nil || keeps == 0)
    }
}

private final class Lines: Sendable {
    private let lines = Mutex<[String]>([])
    var all: [String] { lines.withLock { $0 } }
    func add(_ line: String) { lines.withLock { $0.append(line) } }
}
