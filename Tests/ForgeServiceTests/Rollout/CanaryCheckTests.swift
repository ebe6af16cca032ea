import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeTemplates
import ForgeTestSupport
import Testing

@testable import ForgeService

@Suite("The first pod of a release")
struct CanaryCheckTests {
    private static let canary = CanaryDeployment(release: Example.release)

    private let gate = CanaryCheck(
        canary,
        manifests: Manifests(
            files: [RemoteFile("/var/lib/kubeforge/manifests/inference-candidate/a.yaml", "a\n")], template: "new",
            directory: "/var/lib/kubeforge/manifests/inference-candidate"), namespace: "mlops", within: .zero,
        every: .zero
    )

    @Test("is not needed for pods that run already; what an earlier run left of it goes")
    func isNotNeeded() async throws {
        let same = Told.list(
            Told.deployment(image: Example.release.reference, template: "new"),
            Told.deployment("inference-candidate", image: Example.release.reference, template: "new"))
        #expect(gate.isLeft(same))
        #expect(!gate.isLeft(Told.list(Told.deployment())))
        let host = ScriptedTransport { command in
            command.inputText.contains("get deployments --selector") ? Output(answering: same) : Output("")
        }
        try await gate.pass(on: Machine(host: Example.master, transport: host))
        #expect(await host.commands.count == 2)
        #expect(
            await host.commands.last?.line.contains(
                "delete deployment inference-candidate --ignore-not-found --wait=false") == true)
    }

    @Test(
        "is neither started nor removed where a service of another inventory has its name",
        arguments: ["new", "other"])
    func isTaken(template: String) async throws {
        let other = "10.77.0.11:5443/mlops/inference-candidate:0123456789abcdef"
        let both = Told.list(
            Told.deployment(image: Example.release.reference, template: template),
            Told.deployment("inference-candidate", image: other, template: "x"))
        let host = ScriptedTransport { command in
            command.inputText.contains("get deployments --selector") ? Output(answering: both) : nil
        }
        let problem = await #expect(throws: Problem.self) {
            try await gate.pass(on: Machine(host: Example.master, transport: host))
        }
        #expect(
            problem?.description == """
                kubmaster: inference:0123456789abcdef cannot be checked: Deployment inference-candidate is not its \
                canary
                  why  nothing was changed: another service has the name that the canary would have
                  fix  choose another name or namespace for one of the two, under service: in its inventory
                """)
        #expect(await host.commands.count == 1)
        #expect(!gate.isLeft(both))
    }

    @Test("is a pod that no Service, budget or policy of the running service knows")
    func isUnknown() throws {
        let manifests = try Manifests.canary(Self.canary, cluster: Example.cluster(), templates: Templates())
        let text = manifests.files.map { "# \($0.path)\n" + String(decoding: $0.content, as: UTF8.self) }.joined()
        try Golden("manifests/canary.yaml").expect(text)
        #expect(!text.contains("app.kubernetes.io/name: \"inference\""))
        let own = try Manifests.make(cluster: Example.cluster(), release: Example.release, templates: Templates())
        #expect(manifests.template == own.template)
    }

    @Test("is one of the same manifests for any number of pods, and of others for another description")
    func template() throws {
        func template(_ change: (inout ForgeInventory.Service) -> Void, tag: String = Example.release.tag) throws
            -> String
        {
            var service = ForgeInventory.Service()
            change(&service)
            return try Manifests.make(
                cluster: Example.cluster(service: service), release: Release(name: "inference", tag: tag),
                templates: Templates()
            ).template
        }
        let one = try template { _ in }
        #expect(try template { $0.replicas = 7 } == one)
        #expect(try template({ _ in }, tag: "ffffffffffffffff") != one)
        #expect(try template { $0.namespace = "other" } != one)
    }

    /// Ready, and answering as the closure says.
    private func host(
        running: String = Told.deployment(), golden: String = Small.golden, hasRows: Bool = true, ready: Int = 1,
        _ answer: @escaping @Sendable (String) -> (status: Int, body: String) = Small.answer
    ) -> ScriptedTransport {
        ScriptedTransport { command in
            let script = command.inputText
            if script.contains("get deployments --selector") { return Output(answering: Told.list(running)) }
            if script.contains("get deployments,replicasets,pods") {
                let ready = Told.deployment(
                    "inference-candidate", image: Example.release.reference, template: "new", replicas: 1, ready: ready)
                let none = CommandState(text: "{\"items\":[]}")
                return script.contains("logs --tail=20")
                    ? Output(answering: Told.list(ready), none, none, none) : Output(answering: Told.list(ready), none)
            }
            if script.contains("rows.jsonl") {
                let lines = script.matches(of: /(\d+)p/).compactMap { Int($0.1) }.sorted().map { Small.rows[$0 - 1] }
                return Output(
                    answering: CommandState(
                        exitCode: hasRows ? 0 : 2, text: hasRows ? lines.joined(separator: "\n") : ""))
            }
            if command.line.contains("golden.json") { return Output(golden) }
            if command.line.contains("get pods") {
                let pods = [("y", "10.244.1.10"), ("x", "10.244.1.9")].map {
                    Small.pod("inference-candidate-\($0)", $1)
                }
                return Output("{\"items\":[\(pods.joined(separator: ","))]}")
            }
            let requests = asked(in: script)
            return requests.isEmpty ? Output("") : Output(requests.map { framed($0.answer(answer)) }.joined())
        }
    }

    @Test("is let through when its answers are right, and is gone afterwards")
    func isLetThrough() async throws {
        let host = host()
        let told = Notes()
        try await gate.pass(
            on: Machine(
                host: Example.master, transport: host,
                onNews: { if case .detail(let detail) = $0 { told.report(.note(detail.text)) } }))
        let commands = await host.commands
        #expect(commands.contains { $0.line.contains("apply -k /var/lib/kubeforge/manifests/inference-candidate") })
        let requests = asked(in: commands.map(\.inputText).joined())
        #expect(requests.allSatisfy { $0.address == "10.244.1.9:8080" })
        #expect(requests.first?.path == "/line/23")
        #expect(
            commands.last?.line.contains("delete deployment inference-candidate --ignore-not-found --wait=false")
                == true)
        #expect(told.all == ["46 answers of inference-candidate-x match training's"])
    }

    @Test("is stopped by one wrong answer; the release that runs is not touched")
    func isStopped() async throws {
        let host = host { path in
            let right = Small.answer(path)
            return (
                right.status,
                right.body.replacing(#""lda":{"number":2,"letter":"C"}"#, with: #""lda":{"number":1,"letter":"B"}"#)
            )
        }
        let error = await #expect(throws: Problem.self) {
            try await gate.pass(on: Machine(host: Example.master, transport: host))
        }
        try Golden("Canary/wrong-answers.txt").expect((error?.description ?? "") + "\n")
        let lines = await host.commands.map(\.line)
        #expect(lines.contains { $0.contains("delete deployment inference-candidate") })
        #expect(
            !lines.contains {
                $0.contains("manifests/inference ") || $0.hasSuffix("manifests/inference")
                    || $0.contains("rollout undo")
            })
    }

    @Test("that gives no answer at all is told as the network's fault, never as the models'")
    func network() async throws {
        let host = host { _ in (0, "not asked") }
        let error = await #expect(throws: Problem.self) {
            try await gate.pass(on: Machine(host: Example.master, transport: host))
        }
        #expect(
            error?.what
                == """
                kubmaster: canary of \(Example.release.image) is ready, but kubmaster got no answer to 45 of 45 \
                requests
                """
        )
        #expect(
            error?.why
                == """
                /line/23 at http://10.244.1.9:8080: no answer: not asked
                nothing changed: \(Told.old) keeps serving
                """
        )
        #expect(
            error?.fix?.hasPrefix(
                "the network between the nodes is at fault, not the models: `kubeforge provision` says which")
                == true
        )
    }

    @Test("is not started where the cluster does not say what runs")
    func silent() async throws {
        let host = ScriptedTransport { command in
            command.inputText.contains("get deployments --selector")
                ? Output(answering: CommandState(exitCode: 1, text: "\nrefused\n")) : nil
        }
        let problem = await #expect(throws: Problem.self) {
            try await gate.pass(on: Machine(host: Example.master, transport: host))
        }
        #expect(problem?.what == "kubmaster: the cluster's API does not answer")
        #expect(await host.commands.count == 1)
    }

    @Test("is asked for the last row first where the test set has few")
    func fewRows() async throws {
        let host = host(golden: Small.few)
        _ = await #expect(throws: Problem.self) {
            try await gate.pass(on: Machine(host: Example.master, transport: host))
        }
        #expect(asked(in: await host.commands.map(\.inputText).joined()).first?.path == "/line/4")
    }

    @Test("that gives some answers, all of them right, is slow, and not told as wrong either")
    func slow() async throws {
        let host = host { path in path.contains("/23") ? (0, "Connection timed out") : Small.answer(path) }
        let error = await #expect(throws: Problem.self) {
            try await gate.pass(on: Machine(host: Example.master, transport: host))
        }
        #expect(error?.what.contains(" of 45 requests") == true)
        #expect(error?.fix?.hasPrefix("some came, so the way is open") == true)
    }

    @Test("with one wrong answer beside silence is told by its answers")
    func both() async throws {
        let host = host { path in path.contains("/line") ? (0, "not asked") : (500, "") }
        let error = await #expect(throws: Problem.self) {
            try await gate.pass(on: Machine(host: Example.master, transport: host))
        }
        #expect(error?.what.contains("answers differ from training") == true)
    }

    @Test("is stopped where its features cannot be compared: a gate that leaves them out would let more through")
    func withoutRows() async throws {
        let error = await #expect(throws: Problem.self) {
            try await gate.pass(on: Machine(host: Example.master, transport: host(hasRows: false)))
        }
        #expect(error?.what.contains("1 of 46 answers differ from training") == true, "\(error?.what ?? "")")
        #expect(
            error?.why?.hasPrefix(
                """
                features of the test rows: expected known, to be compared and sent; got \
                /var/lib/kubeforge/releases/\(Example.release.tag)/rows.jsonl is missing
                """
            ) == true, "\(error?.why ?? "")")
    }

    @Test("that never becomes ready is never asked")
    func neverReady() async throws {
        let host = host(ready: 0)
        let problem = await #expect(throws: Problem.self) {
            try await gate.pass(on: Machine(host: Example.master, transport: host))
        }
        #expect(problem?.what.contains("did not become ready") == true, "\(problem?.description ?? "")")
        #expect(asked(in: await host.commands.map(\.inputText).joined()).isEmpty)
        #expect(await host.commands.last?.line.contains("delete deployment inference-candidate") == true)
    }

    @Test(
        "that is stopped leaves models in service that may be all that tells it from the release that runs",
        arguments: ["v1", "image"])
    func modelsInService(version: String) async throws {
        // What runs beside the service's own container is not named.
        let running = Told.deployment(models: version).replacing(
            "\"\(Told.old)\"}]", with: "\"\(Told.old)\"},{\"name\":\"proxy\",\"image\":\"proxy:1\"}]")
        let host = host(running: running) { _ in (500, "") }
        let error = await #expect(throws: Problem.self) {
            try await gate.pass(on: Machine(host: Example.master, transport: host))
        }
        let models = version == "image" ? "its own models" : "models v1"
        #expect(
            error?.why?.hasSuffix("\nnothing changed: \(Told.old) with \(models) keeps serving") == true,
            "\(error?.why ?? "")")
    }
}
