import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeTemplates
import ForgeTestSupport
import Testing

@testable import ForgeService

@Suite("The history of releases")
struct HistoryTests {
    private static let cluster = Example.cluster()
    /// The first two are somebody else's, with the service's label.
    private let full = Told.list(
        #"{"kind":"ConfigMap","metadata":{"name":"other"},"data":{"a":"b"}}"#,
        Told.deployment("other", template: "first"), Told.deployment(template: "second"),
        Told.replicaSet("first", revision: 3),
        Told.replicaSet("second", revision: 4),
        Told.history(
            .example("a", template: "first", at: "2026-11-19T10:00:00Z"),
            .example("b", template: "lost", at: "2026-11-20T10:00:00Z"),
            .example("c", template: "second", at: "2026-11-21T10:00:00Z")))

    private func history(_ state: CommandState) throws -> ReleaseHistory {
        guard case .command(let look) = RollbackPlan.question(Self.cluster.service) else {
            throw Problem(what: "asks no command")
        }
        return try RollbackPlan.history(of: Self.cluster, Example.answers([look: state]))
    }

    @Test("is a table, the newest first, that says what can be restored")
    func isTable() throws {
        let table = try history(full).table
        #expect(
            table.columns.map(\.heading) == [
                "release", "state", "since", "by", "image", "data", "lda score", "mlp score",
            ])
        #expect(
            table.rows.map { $0[0...2].joined(separator: " ") } == [
                "cccccccccccccccc runs 2026-11-21T10:00:00Z", "bbbbbbbbbbbbbbbb removed 2026-11-20T10:00:00Z",
                "aaaaaaaaaaaaaaaa restorable 2026-11-19T10:00:00Z",
            ])
        #expect(
            table.rows[0][3...] == [
                "ann@desk", "10.77.0.11:5443/mlops/inference:cccccccccccccccc", "0123456789ab", "0.692", "0.66",
            ])
    }

    @Test("has a column for each model that was scored, in the order of their names")
    func scores() throws {
        var record = ReleaseRecord.example("a", template: "first", at: "2026-11-20T10:00:00Z")
        record.scores = ["e": 0.5, "d": 0.25, "c": 1, "b": 0, "a": 0.75]
        let table = try history(Told.list(Told.history(record))).table
        #expect(table.columns.suffix(5).map(\.heading) == ["a score", "b score", "c score", "d score", "e score"])
        #expect(table.rows.map { Array($0.suffix(5)) } == [["0.75", "0.0", "1.0", "0.25", "0.5"]])
    }

    @Test("tells when an image was built anew, where one was, and leads back to it")
    func rebuilt() throws {
        var anew = ReleaseRecord.example("a", template: "first", at: "2026-11-20T10:00:00Z")
        anew.rebuilt = "2026-11-20T09:55:00Z"
        let full = Told.list(
            Told.deployment(template: "second"), Told.replicaSet("first", revision: 3),
            Told.replicaSet("second", revision: 4),
            Told.history(anew, .example("b", template: "second", at: "2026-11-21T10:00:00Z")))
        let table = try history(full).table
        #expect(table.columns.map(\.heading)[5] == "rebuilt")
        #expect(table.rows.map { $0[5] } == ["", "2026-11-20T09:55:00Z"])
        #expect(try history(full).past.map(\.release.rebuilt) == [nil, "2026-11-20T09:55:00Z"])
    }

    @Test("is missing before the first deploy, and unknown where the cluster does not answer")
    func isMissing() throws {
        let none = #expect(throws: Problem.self) { try history(Told.list()) }
        #expect(
            none?.description == """
                kubmaster: no release of inference is recorded in namespace mlops
                  fix  deploy one: `kubeforge deploy`
                """)
        #expect(throws: Problem.self) { try history(CommandState(exitCode: 1)) }
    }

    private func plan(_ wanted: String?) throws -> [String] {
        try RollbackPlan.make(
            cluster: Self.cluster, history: history(full), to: wanted, templates: Templates(), by: "ann@desk",
            within: .seconds(60)
        ).stages.flatMap { $0.steps(for: "kubmaster") }.map(\.title)
    }

    @Test(
        "leads back to the release before, or to one by the beginning of its tag",
        arguments: [nil, "aaa", "inference:aaaaaaaaaaaaaaaa"])
    func leadsBack(wanted: String?) throws {
        #expect(
            try plan(wanted) == [
                "the Deployment is set to inference:aaaaaaaaaaaaaaaa",
                "2 pods are ready with inference:aaaaaaaaaaaaaaaa",
                "inference:aaaaaaaaaaaaaaaa is the newest entry of the history",
                "scheduled runs use inference:aaaaaaaaaaaaaaaa",
            ])
    }

    @Test("leads back to the newest of several, or to one by its name and the beginning of its tag")
    func several() throws {
        var own = ReleaseRecord.example("a", template: "first", at: "2026-11-19T10:00:00Z")
        own.image = Example.release.reference
        let three = Told.list(
            Told.deployment(template: "third"), Told.replicaSet("first", revision: 3),
            Told.replicaSet("second", revision: 4), Told.replicaSet("third", revision: 5),
            Told.history(
                own, .example("b", template: "second", at: "2026-11-20T10:00:00Z"),
                .example("c", template: "third", at: "2026-11-21T10:00:00Z")))
        func title(_ wanted: String?) throws -> String? {
            try RollbackPlan.make(
                cluster: Self.cluster, history: history(three), to: wanted, templates: Templates(), by: "ann@desk",
                within: .seconds(60)
            ).stages[0].steps(for: "kubmaster").first?.title
        }
        #expect(try title(nil) == "the Deployment is set to inference:bbbbbbbbbbbbbbbb")
        #expect(try title("inference:0123") == "the Deployment is set to inference:0123456789abcdef")
    }

    @Test("tells the models of each release where there is a model store, and leads back to them")
    func models() throws {
        let image = "10.77.0.11:5443/mlops/inference:aaaaaaaaaaaaaaaa"
        let full = Told.list(
            Told.deployment(template: "second"), Told.replicaSet("first", revision: 3, models: "image"),
            Told.replicaSet("second", revision: 4, models: "v2"),
            Told.history(
                .example("a", template: "first", at: "2026-11-20T10:00:00Z", models: "v1"),
                .example("a", template: "second", at: "2026-11-21T10:00:00Z", models: "v2")))
        let history = try history(full)
        #expect(history.table.columns.map(\.heading)[5] == "models")
        #expect(history.table.rows.map { $0[5] } == ["v2", "v1"])
        #expect(history.past.map(\.models) == [Example.models("v2"), Example.models("image")])
        for wanted in [nil, "v1"] {
            let plan = try RollbackPlan.make(
                cluster: Self.cluster, history: history, to: wanted, templates: Templates(), by: "ann@desk",
                within: .seconds(60))
            let step = try #require(plan.stages[0].steps(for: "kubmaster").first)
            #expect(step.title == "the Deployment is set to inference:aaaaaaaaaaaaaaaa with models v1")
            #expect(step.differences(whenLookEnds: 0, full.text) == ["models: v2 → v1"])
        }
        // Of one tag that ran with several models the newest.
        let newest = try RollbackPlan.make(
            cluster: Self.cluster, history: history, to: "aaa", templates: Templates(), by: "ann@desk",
            within: .seconds(60))
        #expect(
            newest.stages[0].steps(for: "kubmaster").first?.title
                == "the Deployment is set to inference:aaaaaaaaaaaaaaaa with models v2")
        let other = RevisionIsRestored(
            .example("b", template: "third", at: "", models: "v3"), of: "inference", namespace: "mlops")
        #expect(
            other.differences(whenLookEnds: 0, full.text) == [
                "release: \(image) → 10.77.0.11:5443/mlops/inference:bbbbbbbbbbbbbbbb"
            ])
    }

    @Test("leads schedules back to the Secret that the release's image is pulled with")
    func pullSecret() throws {
        let full = Told.list(
            Told.deployment(template: "second"),
            Told.replicaSet("first", revision: 3).replacing(
                #""containers":[]"#, with: #""imagePullSecrets":[{"name":"inference-registry"}],"containers":[]"#),
            Told.history(
                .example("a", template: "first", at: "2026-11-20T10:00:00Z"),
                .example("b", template: "second", at: "2026-11-21T10:00:00Z")))
        let steps = try RollbackPlan.make(
            cluster: Self.cluster, history: history(full), to: nil, templates: Templates(), by: "ann@desk",
            within: .seconds(60)
        ).stages.flatMap { $0.steps(for: "kubmaster") }
        let schedule =
            #"""
            {"kind":"CronJob","metadata":{"name":"inference-batch"},"spec":{"schedule":"@daily","jobTemplate":{\#
            "spec":{"template":{"spec":{"imagePullSecrets":[{"name":"inference-registry-6dace20b"}],"containers":[{\#
            "image":"10.77.0.11:5443/mlops/inference:aaaaaaaaaaaaaaaa"}]}}}}}}
            """#
        #expect(
            steps.last?.differences(whenLookEnds: 0, Told.list(schedule).text) == [
                "Secret that inference-batch pulls with: inference-registry-6dace20b → inference-registry"
            ])
    }

    @Test("leads nowhere where Kubernetes has nothing left, or the tag is none")
    func leadsNowhere() throws {
        let lost = #expect(throws: Problem.self) { try plan("bbb") }
        #expect(
            lost?.description == """
                release bbb cannot be restored
                  why  there are: cccccccccccccccc, aaaaaaaaaaaaaaaa
                  fix  `kubeforge releases` shows what ran when
                """)
        #expect(#expect(throws: Problem.self) { try plan("") }?.what == " matches more than one release")
    }

    @Test("goes back by the revision that Kubernetes gives the release")
    func revision() async throws {
        let full = full
        let host = ScriptedTransport { command in
            command.inputText.contains("configmaps")
                ? Output(answering: full) : command.line.contains("undo") ? Output("") : nil
        }
        let step = RevisionIsRestored(.example("a", template: "first", at: ""), of: "inference", namespace: "mlops")
        #expect(
            step.differences(whenLookEnds: 0, full.text)
                == [
                    """
                    release: 10.77.0.11:5443/mlops/inference:cccccccccccccccc → \
                    10.77.0.11:5443/mlops/inference:aaaaaaaaaaaaaaaa
                    """
                ])
        #expect(step.differences(whenLookEnds: 1) == ["the cluster could not be queried"])
        let silent = ScriptedTransport { _ in Output(answering: CommandState(exitCode: 1, text: "\nrefused\n")) }
        let problem = await #expect(throws: Problem.self) {
            try await step.apply(to: Machine(host: Example.master, transport: silent))
        }
        #expect(problem?.what == "kubmaster: the cluster's API does not answer")
        try await step.apply(to: Machine(host: Example.master, transport: host))
        #expect(
            await host.commands.last?.line
                == """
                kubectl --kubeconfig /etc/kubernetes/admin.conf --request-timeout=30s --namespace mlops rollout \
                undo deployment/inference --to-revision=3
                """)
    }
}
