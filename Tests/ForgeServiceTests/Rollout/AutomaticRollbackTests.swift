import ForgeCore
import ForgePlan
import ForgeTestSupport
import Testing

@testable import ForgeService

@Suite("A rollout that fails half-way")
struct AutomaticRollbackTests {
    private let restoration = AutomaticRollback(
        release: Example.release, template: "new", namespace: "mlops", replicas: 2, limit: .zero, pause: .zero)
    private let problem = Problem(what: "kubmaster: it does not become ready", why: "a pod crashed", fix: "correct it")

    private func host(_ history: CommandState) -> ScriptedTransport {
        ScriptedTransport { command in
            if command.inputText.contains("configmaps") { return Output(answering: history) }
            if command.inputText.contains("replicasets,pods") {
                return Output(answering: Told.list(Told.deployment()), Told.list())
            }
            return command.line.contains("rollout undo") ? Output("") : nil
        }
    }

    @Test("is undone: the release that ran last comes back, not one that never was complete, nor another's copy")
    func isUndone() async throws {
        let history = Told.list(
            Told.deployment(template: "new"), Told.replicaSet("older", revision: 3),
            Told.replicaSet("old", revision: 4), Told.replicaSet("broken", revision: 5),
            Told.replicaSet("new", revision: 6), Told.replicaSet("old", revision: 9, of: "inference-canary"),
            Told.history(
                .example("b", template: "older", at: "2026-11-20T10:00:00Z"),
                .example("a", template: "old", at: "2026-11-21T10:00:00Z")))
        let host = host(history)
        let told = await restoration.after(problem, on: Machine(host: Example.master, transport: host))
        #expect(
            told.description == """
                kubmaster: it does not become ready
                  why  a pod crashed
                       rolled back: 10.77.0.11:5443/mlops/inference:aaaaaaaaaaaaaaaa is serving on all pods
                  fix  correct it
                """)
        #expect(await host.commands.filter { $0.line.contains("undo deployment/inference --to-revision=4") }.count == 1)
    }

    @Test("says with which models the earlier release came back, where only these are others")
    func models() async {
        let history = Told.list(
            Told.deployment(template: "new"), Told.replicaSet("old", revision: 4), Told.replicaSet("new", revision: 6),
            Told.history(.example("a", template: "old", at: "2026-11-21T10:00:00Z", models: "v1")))
        let told = await restoration.after(problem, on: Machine(host: Example.master, transport: host(history)))
        #expect(
            told.why
                == """
                a pod crashed\nrolled back: 10.77.0.11:5443/mlops/inference:aaaaaaaaaaaaaaaa with models v1 is \
                serving on all pods
                """
        )
    }

    @Test("stays to be looked at when nothing ran before")
    func stays() async {
        let host = host(Told.list(Told.deployment(template: "new"), Told.replicaSet("new", revision: 1)))
        let told = await restoration.after(problem, on: Machine(host: Example.master, transport: host))
        #expect(told.why == "a pod crashed\nno earlier release to roll back to; its pods are left for inspection")
    }

    @Test("says so when what ran before cannot be restored")
    func cannot() async {
        let host = ScriptedTransport { _ in Output.failed(1, "the server does not answer") }
        let told = await restoration.after(problem, on: Machine(host: Example.master, transport: host))
        #expect(
            told.why?.hasPrefix("a pod crashed\nthe previous release could not be restored: kubmaster: ") == true)
        let silent = self.host(CommandState(exitCode: 1, text: "\nrefused\n"))
        let unknown = await restoration.after(problem, on: Machine(host: Example.master, transport: silent))
        #expect(
            unknown.why == """
                a pod crashed
                the previous release could not be restored: kubmaster: the cluster's API does not answer
                """)
    }

    @Test("is undone to the release that it replaces, though it was complete itself before that one came back by hand")
    func several() async {
        let history = Told.list(
            Told.deployment(template: "new", revision: 6, progress: "ReplicaSetUpdated"),
            Told.replicaSet("older", revision: 3), Told.replicaSet("old", revision: 4),
            Told.replicaSet("other", revision: 5, of: "inference-canary"), Told.replicaSet("new", revision: 6),
            Told.history(
                .example("c", template: "older", at: "2026-11-20T10:00:00Z"),
                .example("a", template: "old", at: "2026-11-21T10:00:00Z"),
                .example("b", template: "new", at: "2026-11-22T10:00:00Z")))
        let host = host(history)
        _ = await restoration.after(problem, on: Machine(host: Example.master, transport: host))
        #expect(
            await host.commands.filter { $0.line.contains("rollout undo") }.map { $0.line.suffix(15) } == [
                "--to-revision=4"
            ])
    }

    /// The kubelet of a node is gone, a pod restarts again and again, or somebody restarts the rollout by hand.
    @Test(
        "is not undone where its release is the one that was complete last",
        arguments: [
            (Told.deployment(template: "new", revision: 5), [Told.replicaSet("new", revision: 5)]),
            (
                Told.deployment(template: "new", revision: 5).replacing("Progressing", with: "Available"),
                [Told.replicaSet("new", revision: 5)]
            ),
            (
                Told.deployment(template: "new", revision: 7, progress: "ReplicaSetUpdated"),
                [Told.replicaSet("new", revision: 5), Told.replicaSet("new", revision: 7)]
            ),
            (
                Told.deployment(template: "new", revision: 7, progress: "ProgressDeadlineExceeded"),
                [Told.replicaSet("never complete", revision: 6), Told.replicaSet("new", revision: 7)]
            ),
        ])
    func isNotUndone(deployment: String, sets: [String]) async throws {
        let history = Told.list(
            deployment, Told.replicaSet("old", revision: 4), sets.joined(separator: ","),
            Told.history(
                .example("a", template: "old", at: "2026-11-21T10:00:00Z"),
                .example("0", template: "new", at: "2026-11-22T10:00:00Z")))
        let pods = Told.list(Told.deployment(image: Example.release.reference, template: "new", ready: 1))
        let none = CommandState(text: "{\"items\":[]}")
        let host = ScriptedTransport { command in
            let script = command.inputText
            if script.contains("configmaps") { return Output(answering: history) }
            if script.contains("logs --tail=20") { return Output(answering: pods, none, none, none) }
            if script.contains("get events") { return Output(answering: pods, none) }
            return script.contains("replicasets,pods") ? Output(answering: pods) : nil
        }
        let step = RolloutIsComplete(
            Example.release, replicas: 2, namespace: "mlops", within: .zero, every: .zero, orElse: restoration)
        let plan = Plan(
            stages: [Stage("the service runs", on: [Example.master]) { _ in [step] }], essential: ["kubmaster"])
        let fleet = await Fleet.connect([Example.master], width: 1) { _ in host }
        let result = await Executor(fleet: fleet, reporter: Silence()).run(plan)
        #expect(
            result.failures["kubmaster"]?.why == """
                1 of 2 pods are available
                nothing was rolled back: \(Example.release.image) is the release that was complete last
                """)
        #expect(await !host.commands.contains { $0.line.contains("rollout undo") })
    }

    @Test("has three minutes to bring back what ran, and looks once a second")
    func patience() {
        let given = AutomaticRollback(release: Example.release, template: "new", namespace: "mlops", replicas: 2)
        #expect((given.limit, given.pause) == (.seconds(180), .seconds(1)))
    }

    @Test("is undone by the step that waits for it")
    func byTheStep() async {
        let history = Told.list(
            Told.deployment(template: "new"), Told.replicaSet("old", revision: 4),
            Told.history(.example("a", template: "old", at: "2026-11-21T10:00:00Z")))
        let host = ScriptedTransport { command in
            if command.inputText.contains("configmaps") { return Output(answering: history) }
            let none = CommandState(text: "{\"items\":[]}")
            if command.inputText.contains("logs --tail=20") {
                return Output(answering: Told.list(Told.deployment()), none, none, none)
            }
            if command.inputText.contains("replicasets,pods") {
                return Output(answering: Told.list(Told.deployment()), none)
            }
            return command.line.contains("rollout undo") ? Output("") : nil
        }
        let step = RolloutIsComplete(
            Example.release, replicas: 2, namespace: "mlops", within: .zero, every: .zero, orElse: restoration)
        let problem = await #expect(throws: Problem.self) {
            try await step.apply(to: Machine(host: Example.master, transport: host))
        }
        #expect(problem?.why?.hasSuffix("is serving on all pods") == true, "\(problem?.description ?? "")")
    }
}
