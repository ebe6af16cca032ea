import ForgeCore
import ForgePlan
import ForgeTestSupport
import Testing

@testable import ForgeService

@Suite("A release that is complete")
struct ReleaseIsRecordedTests {
    private let step = ReleaseIsRecorded(Example.release, template: "new", by: "o'neil@desk", namespace: "mlops")

    @Test("is recorded once")
    func once() {
        #expect(step.differences(whenLookEnds: 0, Told.list().text) == ["it has none"])
        #expect(step.differences(whenLookEnds: 1) == ["the cluster could not be queried"])
        let old = Told.history(.example("a", template: "old", at: "2026-11-20T10:00:00Z"))
        #expect(
            step.differences(whenLookEnds: 0, Told.list(old).text) == [
                "10.77.0.11:5443/mlops/inference:aaaaaaaaaaaaaaaa is"
            ])
        let both = Told.history(
            .example("a", template: "old", at: "2026-11-20T10:00:00Z"),
            .example("c", template: "new", at: "2026-11-21T10:00:00Z"))
        #expect(step.differences(whenLookEnds: 0, Told.list(both).text) == [])
    }

    @Test("is recorded with when, who, data and scores; the oldest of too many entries go")
    func entry() async throws {
        let many = (0..<54).map { ReleaseRecord.example("a", template: "t\($0)", at: "2026-01-\(10 + $0)T00:00:00Z") }
        let entries = many.map { "\"\($0.at.replacing(":", with: "."))-\($0.template)\":\"x\"" }.joined(separator: ",")
        let full = #"{"kind":"ConfigMap","metadata":{"name":"inference-releases"},"data":{\#(entries)}}"#
        // Somebody else's, with the service's label.
        let other = #"{"kind":"ConfigMap","metadata":{"name":"other"},"data":{"a":"b"}}"#
        let golden = """
            {"data":{"train":{"sha256":"f00d"}},
             "score":{"lda":0.5,"mlp":0.25},
             "rows":[]}
            """
        let host = ScriptedTransport { command in
            if command.inputText.contains("configmaps") { return Output(answering: Told.list(other, full)) }
            return command.line.contains("golden.json") ? Output("2026-11-21T15:20:00Z\n\(golden)\n") : Output("")
        }
        try await step.apply(to: Machine(host: Example.master, transport: host))
        let patches = await host.commands.map(\.line).filter {
            $0.contains(" patch configmap inference-releases --type=merge --patch ")
        }
        let record =
            #"""
            {"at":"2026-11-21T15:20:00Z","by":"o'neil@desk","data":"f00d",\#
            "image":"10.77.0.11:5443/mlops/inference:0123456789abcdef","scores":{"lda":0.5,"mlp":0.25},"template":"new"}
            """#
        #expect(
            patches[0].contains(
                "\"2026-11-21T15.20.00Z-new\":" + "\""
                    + record.replacing("\"", with: "\\\"").replacing("'", with: "'\\''"))
        )
        let old = [10, 11, 12, 13].map { "\"2026-01-\($0)T00.00.00Z-t\($0 - 10)\":null" }
        #expect(patches[1].hasSuffix("--patch '{\"data\":{\(old.joined(separator: ","))}}'"))
    }

    @Test("is recorded with the time at which its image was built anew")
    func rebuilt() async throws {
        let release = Release(
            name: "inference", tag: "0123456789abcdef", registry: "10.77.0.11:5443/mlops",
            rebuilt: "2026-11-21T15:00:00Z")
        let host = ScriptedTransport { command in
            command.inputText.contains("configmaps") ? Output(answering: Told.list()) : Output("2026-11-21T15:20:00Z\n")
        }
        let step = ReleaseIsRecorded(release, template: "fedcba9876543210", by: "o'neil@desk", namespace: "mlops")
        try await step.apply(to: Machine(host: Example.master, transport: host))
        let patch = try #require(await host.commands.map(\.line).first { $0.contains(" patch configmap ") })
        #expect(patch.contains(#"\"rebuilt\":\"2026-11-21T15:00:00Z\""#), "\(patch)")
        #expect(patch.contains(#"{"2026-11-21T15.20.00Z-fedcba98":"#), "\(patch)")
    }

    @Test(
        """
        names its models where its pods have them from the model store, and says when they are not those that were \
        asked for
        """,
        arguments: [
            (nil, "it runs the models \(Example.version)"), (Example.version, "it runs the models \(Example.version)"),
            ("image", "it runs the models \(Example.version)"),
            ("v1", "it runs its own models \(Example.version): v1 was trained on other data or with other packages"),
        ])
    func models(wanted: String?, news said: String) async throws {
        let step = ReleaseIsRecorded(
            Example.release, template: "new", models: wanted.map { Example.models($0) }, by: "o'neil@desk",
            namespace: "mlops")
        let metadata =
            #"{"version":"\#(Example.version)","data":{"train":{"sha256":"f00d"}},"score":{"lda":0.5},"files":{}}"#
        let host = ScriptedTransport { command in
            if command.line.contains("metadata.json") { return Output("2026-11-21T15:20:00Z\n\(metadata)\n") }
            return command.inputText.contains("configmaps") ? Output(answering: Told.list()) : Output("")
        }
        let news = Notes()
        try await step.apply(
            to: Machine(
                host: Example.master, transport: host,
                onNews: { if case .detail(let detail) = $0 { news.report(.note(detail.text)) } }))
        #expect(news.all == [said])
        let patch = try #require(await host.commands.map(\.line).first { $0.contains(" patch configmap ") })
        #expect(patch.contains(#"\"models\":\"\#(Example.version)\""#), "\(patch)")
    }

    @Test("names its registry again when it comes back", arguments: ["10.77.0.11:5443/mlops", "docker.io/library"])
    func comesBack(registry: String) {
        let release = Release(name: "inference", tag: "0123456789abcdef", registry: registry)
        let record = ReleaseRecord(image: release.reference, template: "t", at: "", by: "")
        #expect(record.release(of: "inference") == release)
    }
}
