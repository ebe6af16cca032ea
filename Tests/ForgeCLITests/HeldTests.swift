import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeService
import ForgeTestSupport
import Foundation
import Synchronization
import Testing

@testable import ForgeCLI

@Suite("A second operator")
struct HeldTests {
    private static let other = Holder(
        run: "bbbbbbbbbbbbbbbb", person: "ben@desk", computer: "c0ffee", processID: 9, since: "2026-11-21T09:12:03Z",
        command: "deploy")

    private static func leases(_ holder: String) -> Output {
        let lease =
            #"""
            {"metadata":{"name":"kubeforge-inference"},"spec":{"holderIdentity":"\#(holder)",\#
            "leaseDurationSeconds":60,"renewTime":"2026-11-21T09:12:03.000000Z"}}
            """#
        return Output(standardOutput: Array("1795252330\n{\"items\":[\(lease)]}".utf8))
    }

    private func run(
        _ scene: Scene, _ witness: Witness, isDryRun: Bool = false, changes: Bool = true, keeps: Bool = false,
        answer: @escaping @Sendable (Command) -> Output
    ) -> ActionRunner {
        var action = Action("deploy", isDryRun: isDryRun) { _ in
            Plan(
                stages: [
                    Stage("a", on: [.kubmaster]) { _ in
                        [FakeStep("a", changes ? ["x"] : []) { try await $0.run(Command("true").asRoot()) }]
                    }
                ],
                essential: ["kubmaster"])
        }
        action.lease = { .service($0.service) }
        action.keepsMachines = keeps
        action.hosts = { [$0.firstControlPlane] }
        var run = ActionRunner(
            action, inventory: "lab.yaml", surroundings: scene.surroundings, reporter: witness, read: { _ in .lab },
            connect: { _ in FakeTransport { answer($0) } })
        run.isEnded = { _ in false }
        return run
    }

    @Test("is refused before the first change, with the holder's name, and exit code 5")
    func refused() async throws {
        let (scene, witness) = (try Scene(), Witness())
        let seen = Seen()
        let code = await run(scene, witness) { command in
            seen.add(command.line)
            return Self.leases(Self.other.line)
        }.finish()
        #expect(code == 5)
        #expect(witness.steps.map(\.outcome) == [.failed])
        #expect(
            witness.steps.first?.problem?.why?.hasPrefix(
                "it is held by `kubeforge deploy` of ben@desk, process 9, since 2026-11-21T09:12:03Z")
                == true)
        #expect(seen.all.count == 1 && !seen.all.contains("true"))
    }

    @Test(
        "is refused by a machine that another run keeps, too, and keeps one for ten minutes or not at all",
        arguments: [(false, 0), (true, 600)])
    func machine(keeps: Bool, seconds: Int) async throws {
        let (scene, witness) = (try Scene(), Witness())
        let code = await run(scene, witness, keeps: keeps) { command in
            guard command.line == "true" else {
                return Output(standardOutput: Array("1795252330\n{\"items\":[]}".utf8))
            }
            #expect(command.lock?.holder.command == "deploy")
            #expect(command.lock?.keeps == seconds)
            return Output(standardError: Array("kubeforge-lock: \(Self.other.line)\n".utf8), exit: .code(245))
        }.finish()
        #expect(code == 5)
        #expect(witness.steps.first?.problem?.what == "kubmaster is being changed by another kubeforge run")
    }

    @Test("who has nothing to change, or only looks, asks for no Lease", arguments: [(false, false), (true, true)])
    func looks(isDryRun: Bool, changes: Bool) async throws {
        let (scene, witness) = (try Scene(), Witness())
        let code = await run(scene, witness, isDryRun: isDryRun, changes: changes) { command in
            Issue.record("asked \(command.line)")
            return Output()
        }.finish()
        #expect(code == 0)
    }

    @Test("is told by the lock of this computer, whatever a killed run left in its file")
    func localLock() throws {
        let scene = try Scene()
        try scene.state.make()
        try scene.write("smoke-test 1234567 1795252323.123456\n", to: scene.state.lock(of: "lab"))
        let lock = try RunLock(
            "lab", in: scene.state, for: .init(action: "plan", processID: 1, since: scene.surroundings.now()))
        let problem = #expect(throws: Problem.self) {
            try RunLock(
                "lab", in: scene.state, for: .init(action: "deploy", processID: 2, since: scene.surroundings.now()))
        }
        #expect(problem?.fix == "wait for it to end, or end it after its running step: kill 1")
        #expect(problem?.kind == .held)
        lock.end()
        #expect(try String(contentsOfFile: scene.state.lock(of: "lab"), encoding: .utf8) == "")
    }

    @Test(
        "is told that the cluster is in use where the lock's file does not say by whom",
        arguments: ["", "1234 1795252323.5\n", "provision x 1795252323.5\n", "provision 1234 x\n"])
    func unnamed(text: String) throws {
        let scene = try Scene()
        let now = scene.surroundings.now()
        let lock = try RunLock("lab", in: scene.state, for: .init(action: "plan", processID: 1, since: now))
        try scene.write(text, to: scene.state.lock(of: "lab"))
        let problem = #expect(throws: Problem.self) {
            try RunLock("lab", in: scene.state, for: .init(action: "deploy", processID: 2, since: now))
        }
        #expect(problem?.what == "lab is in use by another kubeforge run")
        #expect(problem?.why == nil)
        #expect(problem?.fix == "wait for it to end")
        lock.end()
    }
}

@Suite("A run of this computer")
struct LocalProcessesTests {
    private func holder(_ process: Int32, _ computer: String = LocalProcesses.name) -> Holder {
        Holder(
            run: "bbbbbbbbbbbbbbbb", person: "ben@desk", computer: computer, processID: process,
            since: "2026-11-21T09:12:03Z", command: "deploy")
    }

    @Test("has ended when its process has, or is this one; of other computers nothing is known")
    func ended() throws {
        let nowhere = FileHandle.nullDevice.fileDescriptor
        let working = try ChildProcess(["sleep", "60"], output: nowhere, errors: nowhere)
        let done = try ChildProcess(["true"], output: nowhere, errors: nowhere)
        #expect(done.wait() == 0)
        // One after the other: what the system said of the first is no answer about the second.
        let ended = [done.id, working.id].map { LocalProcesses.isEnded(holder($0)) }
        #expect(ended == [true, false])
        #expect(LocalProcesses.isEnded(holder(getpid())))
        #expect(!LocalProcesses.isEnded(holder(done.id, "c0ffee")))
        #expect(!LocalProcesses.isEnded(holder(done.id, "0")))
        working.terminate()
        #expect(working.wait() == 128 + SIGTERM, "it was asked about, and went on")
    }

    @Test("is of a computer whose name has 16 hexadecimal digits")
    func name() {
        #expect(LocalProcesses.name.wholeMatch(of: /[0-9a-f]{16}/) != nil)
    }
}

private final class Seen: Sendable {
    private let lines = Mutex<[String]>([])
    var all: [String] { lines.withLock { $0 } }
    func add(_ line: String) { lines.withLock { $0.append(line) } }
}
