import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeService
import ForgeTemplates
import ForgeTestSupport
import Synchronization
import Testing

@testable import ForgeCLI

@Suite("A deploy, for who types")
struct DeployTests {
    private static let time = "2026-11-26T20:21:31Z"

    /// What the first control plane is asked for, when it says that the release that runs was built anew at this time.
    private func asked(_ action: Action, running time: String) async throws -> String {
        let scene = try Scene()
        let host = ScriptedTransport { command in
            // Of certificates nothing is said.
            command.inputText.contains("docker image inspect")
                ? nil : Output("0 0\n\n0 \(time.utf8.count)\n\(time)\n0 2\nok\n0 0\n\n")
        }
        _ = await ActionRunner(
            action, inventory: "lab.yaml", surroundings: scene.surroundings, reporter: Witness(), read: { _ in .lab },
            connect: { asked in if asked.name == "kubmaster" { host } else { FakeTransport() } }
        ).finish()
        return try #require(await host.commands.map(\.inputText).first { $0.contains("docker image inspect") })
    }

    private func image(_ time: String?) throws -> String {
        "inference:\(try BuildContext.make(cluster: .lab, templates: Templates(), rebuilt: time).tag)"
    }

    @Test("keeps the build that runs, and makes another one when it is told to")
    func build() async throws {
        let (plain, first, second) = try (image(nil), image(Self.time), image("2026-11-27T00:00:00Z"))
        #expect(Set([plain, first, second]).count == 3)
        let deploy = Action.deploy(isDryRun: true, within: .seconds(1))
        #expect(try await asked(deploy, running: "").contains(plain))
        #expect(try await asked(deploy, running: Self.time).contains(first))
        let rebuild = Action.deploy(isDryRun: true, rebuiltAt: "2026-11-27T00:00:00Z", within: .seconds(1))
        let anew = try await asked(rebuild, running: Self.time)
        #expect(anew.contains(second))
        // Whether another build has begun to run meanwhile matters to a deploy that keeps the one that runs.
        let lastBuild = #"annotations.kubeforge\.io/rebuilt"#
        #expect(try await asked(deploy, running: Self.time).contains(lastBuild))
        #expect(!anew.contains(lastBuild))
        #expect(rebuild.arguments == " --rebuild" && deploy.arguments == "")
    }

    @Test("waits for an API server that does not answer yet, as after a boot")
    func booting() async throws {
        let (scene, witness) = (try Scene(), Witness())
        let asked = Mutex(0)
        let host = ScriptedTransport { command in
            guard !command.inputText.contains("docker image inspect") else { return nil }
            let isUp = asked.withLock { count in
                count += 1
                return count > 1
            }
            return Output(isUp ? "0 0\n\n0 0\n\n0 2\nok\n0 0\n\n" : "0 0\n\n1 7\nrefused\n1 7\nrefused\n0 0\n\n")
        }
        _ = await ActionRunner(
            .deploy(isDryRun: true, within: .seconds(1)), inventory: "lab.yaml", surroundings: scene.surroundings,
            reporter: witness, read: { _ in .lab },
            connect: { asked in if asked.name == "kubmaster" { host } else { FakeTransport() } }
        ).finish()
        #expect(witness.notes.contains("the API server of kubmaster does not answer: waiting for it"))
        let questions = await host.commands.map(\.inputText).filter { $0.contains("/readyz") }
        #expect(questions.count == 3, "twice before the plan is made, and once in it")
    }
}
