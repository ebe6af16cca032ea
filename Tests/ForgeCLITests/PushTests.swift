import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeTestSupport
import Testing

@testable import ForgeCLI

@Suite("A push, for who types")
struct PushTests {
    private static let order = PushOrder(directory: "/nowhere", typed: "../churn", isFollowed: false, time: "1")

    private func run(_ order: PushOrder, _ cluster: Cluster, _ host: any Transport) async throws -> (Int32, [String]) {
        let (scene, witness) = (try Scene(), Witness())
        let code = await ActionRunner(
            .push(order), inventory: "lab.yaml", surroundings: scene.surroundings, reporter: witness,
            read: { _ in cluster }, connect: { _ in host }
        ).finish()
        return (code, witness.problems)
    }

    @Test("needs a model store, and says what to write for one, or instead of one")
    func withoutStore() async throws {
        let (code, problems) = try await run(Self.order, .lab, FakeTransport())
        #expect(code == 64)
        #expect(
            problems == [
                """
                -: inference has no model store to push to
                  why  its models are in its image (service: models: image)
                  fix  write service: model: ../churn in the inventory and `kubeforge deploy`; or give it a store: \
                models: { url: sftp://models@store.example.org/srv/models, key: ~/.ssh/store_ed25519, knownHosts: \
                ~/.ssh/known_hosts }
                """
            ])
    }

    @Test("is refused where the release that runs knows no store")
    func withoutRelease() async throws {
        let (code, problems) = try await run(Self.order, Self.withStore, Self.answering(Self.deployment("")))
        #expect(code == 1)
        #expect(
            problems.first?.contains("the release that runs has its models in its image") == true, "\(problems)")
    }

    @Test("is refused by the reader that deploy has, before the cluster is asked for anything but what runs")
    func refused() async throws {
        let scene = try Scene()
        try scene.write("no model", to: "desk/churn/notes.md")
        var order = Self.order
        order = PushOrder(
            directory: scene.directory + "/desk/churn", typed: order.typed, isFollowed: false, time: order.time)
        let host = Self.answering(
            Self.deployment(
                #"""
                "initContainers":[{"name":"models","image":"i","env":[{"name":"MODEL_STORE","value":"sftp://a@b/c"}]}],
                """#))
        let (code, problems) = try await run(order, Self.withStore, host)
        #expect(code == 64)
        #expect(problems.count == 1)
        #expect(
            problems.first?.hasPrefix("-: the model in ../churn cannot be served\n  why  ") == true, "\(problems)")
        #expect(problems.first?.contains("holds no model") == true, "\(problems)")
        #expect(await host.commands.count == 1)
    }

    @Test("is typed again with what was typed, and is about one service")
    func typed() {
        var order = PushOrder(directory: "/d", typed: "my churn", isFollowed: true, time: "1")
        #expect(Action.push(order).arguments == " 'my churn' --follow --inventory")
        order = PushOrder(directory: "/d", typed: "churn", isFollowed: false, time: "1")
        #expect(Action.push(order).arguments == " churn --inventory")
        #expect(Action.push(order).takesOneService && !Action.push(order).goesOn)
    }

    private static var withStore: Cluster {
        var cluster = Cluster.lab
        cluster.service.models = ModelStore(url: "sftp://a@b/c", keyPath: "/k", knownHostsPath: "/h")
        return cluster
    }

    private static func deployment(_ more: String) -> String {
        #"""
        {"kind":"Deployment","metadata":{"name":"inference"},"spec":{"template":{"spec":{\#(more)"containers":[\#
        {"name":"api","image":"10.77.0.11:5443/mlops/inference:0123456789abcdef"}]}}}}
        """#
    }

    /// A control plane that is asked what runs, and expects nothing else.
    private static func answering(_ deployment: String) -> ScriptedTransport {
        ScriptedTransport { command in
            guard command.inputText.contains("get deployment inference") else { return nil }
            return Output("0 \(deployment.utf8.count)\n\(deployment)\n")
        }
    }
}
