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
