import ForgeCLI
import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeService
import Foundation
import Synchronization
import Testing

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
        _ scene: Scene, _ witness: Witness, isDryRun: Bool = false, changes: Bool = true,
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

    @Test("is refused by a machine that another run keeps, too")
    func machine() async throws {
        let (scene, witness) = (try Scene(), Witness())
        let code = await run(scene, witness) { command in
            guard command.line == "true" else {
                return Output(standardOutput: Array("1795252330\n{\"items\":[]}".utf8))
            }
            #expect(command.lock?.holder.command == "deploy")
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
    }
}

private final class Seen: Sendable {
    private let lines = Mutex<[String]>([])
    var all: [String] { lines.withLock { $0 } }
    func add(_ line: String) { lines.withLock { $0.append(line) } }
}
