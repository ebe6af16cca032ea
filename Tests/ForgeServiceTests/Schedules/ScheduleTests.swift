import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeTemplates
import ForgeTestSupport
import Testing

@testable import ForgeService

@Suite("A schedule")
struct ScheduleTests {
    private let cluster = Example.cluster()

    private func found(_ names: [String], schedule: String = "0 2 * * *", image: String = Example.release.reference)
        -> String
    {
        let items = names.map {
            #"""
            {"kind":"CronJob","metadata":{"name":"\#($0)"},"spec":{"schedule":"\#(schedule)","jobTemplate":{"spec":{\#
            "template":{"spec":{"containers":[
            {"image":"\#(image)","command":["python","inference.py"]}]}}}}}}
            """#
        }
        return "{\"items\":[\(items.joined(separator: ","))]}"
    }

    private func differences(_ json: String, drift: Int = 0, output: BatchOutput = BatchOutput()) throws -> [String] {
        let step = try ScheduleExists(
            Schedule(name: nil, cron: try CronExpression("0 2 * * *"), input: .own, output: output), of: cluster,
            release: .example, templates: Templates())
        let looks = step.questions.compactMap { question in if case .command(let text) = question { text } else { nil }
        }
        return step.differences(
            given: Example.answers([
                looks[0]: CommandState(text: json), looks[1]: CommandState(exitCode: drift), looks[3]: CommandState(),
            ])
        ).map(\.text)
    }

    @Test("says what is another")
    func says() throws {
        #expect(try differences(found([])) == ["it has no schedule yet"])
        #expect(try differences(found(["inference-batch"])) == [])
        #expect(
            try differences(found(["inference-batch"], schedule: "0 3 * * *")) == ["schedule: 0 3 * * * → 0 2 * * *"])
        #expect(
            try differences(found(["inference-batch"], image: "inference:1"))
                == ["image: inference:1 → 10.77.0.11:5443/mlops/inference:0123456789abcdef"])
        #expect(try differences(found(["inference-batch"]), drift: 1) == ["it differs from its manifest"])
        #expect(try differences("") == ["the cluster could not be queried for schedules"])
        // What came before the failure may lack some.
        let look = SchedulesLook(cluster.service)
        guard case .command(let line) = look.questions[0] else { throw Problem(what: "it asks no command") }
        let cutOff = CommandState(exitCode: 1, text: found(["inference-batch"]))
        #expect(look.found(Example.answers([line: cutOff]))?.count == nil)
    }

    @Test("is told by its times as long as it is there, when it shall go")
    func isThere() {
        let step = ScheduleIsGone("inference-batch", of: cluster)
        #expect(step.differences(whenLookEnds: 0, found(["inference-batch"])) == ["it runs at 0 2 * * *"])
        #expect(step.differences(whenLookEnds: 0, found(["inference-batch-weekly"])) == [])
        #expect(step.differences(whenLookEnds: 0, found([])) == [])
    }

    @Test("is at work as long as a run that it began has not ended")
    func isAtWork() throws {
        func isAtWork(_ status: String) throws -> Bool? {
            let job = #"{"kind":"CronJob","metadata":{"name":"inference-batch"},"spec":{},"status":\#(status)}"#
            return try #require(JobObject.list("{\"items\":[\(job)]}")).first?.isAtWork
        }
        #expect(try isAtWork(#"{"active":[{"name":"inference-batch-1"}]}"#) == true)
        #expect(try isAtWork(#"{"lastScheduleTime":"2026-11-21T02:00:00Z"}"#) == false)
    }

    @Test("is of the API that its Kubernetes has")
    func apiVersion() {
        let versions = ["1.20.15", "1.21.0", "1.37.0"].compactMap { Version($0) }
        #expect(versions.map { Schedule.apiVersion($0) } == ["batch/v1beta1", "batch/v1", "batch/v1"])
    }

    private func found(in zone: String?) -> String {
        let time = "\"schedule\":\"0 2 * * *\""
        return found(["inference-batch"]).replacing(
            time, with: zone.map { "\(time),\"timeZone\":\"\($0)\"" } ?? time)
    }

    private func differences(_ version: String, _ json: String, drift: Int = 0) throws -> [String] {
        var cluster = cluster
        cluster.kubernetes = try #require(Version(version))
        let step = try ScheduleExists(
            Schedule(name: nil, cron: try CronExpression("0 2 * * *"), input: .own), of: cluster, release: .example,
            templates: Templates())
        return step.differences(
            given: Example.answers([
                step.looks[0]: CommandState(text: json), step.looks[1]: CommandState(exitCode: drift),
            ])
        ).map(\.text)
    }

    /// Before 1.27 the API server may not know the key; kubeadm's controller manager has no zone of its own, which is
    /// UTC, too.
    @Test("is in UTC, and says so to a Kubernetes that knows time zones")
    func zone() throws {
        let isNotSet = "time zone: that of the controller manager → Etc/UTC"
        #expect(try differences("1.27.0", found(in: nil), drift: 1) == [isNotSet])
        #expect(
            try differences("1.27.0", found(in: "Europe/Berlin"), drift: 1)
                == ["time zone: Europe/Berlin → Etc/UTC"])
        #expect(try differences("1.27.0", found(in: "Etc/UTC")) == [])
        #expect(try differences("1.26.15", found(in: nil)) == [])
    }

    @Test("gets its time zone when the release changes, or at the next deploy")
    func zoneFollows() throws {
        var cluster = cluster
        func differences(_ version: String, _ json: String) throws -> [String] {
            cluster.kubernetes = try #require(Version(version))
            return SchedulesUseRelease(Example.release, models: nil, of: cluster, templates: try Templates())
                .differences(whenLookEnds: 0, json)
        }
        #expect(
            try differences("1.36.2", found(in: nil))
                == ["time zone of inference-batch: that of the controller manager → Etc/UTC"])
        #expect(try differences("1.36.2", found(in: "Etc/UTC")) == [])
        #expect(try differences("1.20.2", found(in: nil)) == [])
    }

    @Test("says which columns it keeps, and in what its predictions are, where that is another")
    func output() throws {
        let plain = found(["inference-batch"])
        let kept = plain.replacing("inference.py\"]", with: "inference.py\",\"--keep=a,b\",\"--parquet\"]")
        let wanted = BatchOutput(keep: "a,b", isParquet: true)
        #expect(
            try differences(plain, drift: 1, output: wanted) == [
                "kept columns: none → a,b", "results: predictions.csv → predictions.parquet",
            ])
        #expect(try differences(kept, output: wanted) == [])
        #expect(
            try differences(kept, drift: 1) == [
                "kept columns: a,b → none", "results: predictions.parquet → predictions.csv",
            ])
    }

    private func plan(_ output: BatchOutput) throws -> Plan {
        try SchedulePlan.make(
            Schedule(name: nil, cron: try CronExpression("@daily"), input: .own, output: output), cluster: cluster,
            release: .example, templates: Templates())
    }

    @Test("is not made for Parquet that the deployed image cannot write")
    func withoutParquet() throws {
        #expect(try plan(BatchOutput(keep: "all")).stages[0].work[0].steps.count == 1)
        let steps = try plan(BatchOutput(isParquet: true)).stages[0].work[0].steps
        let check = try #require(steps.first)
        #expect(steps.count == 2 && check.title == "the deployed image writes Parquet")
        #expect(check.differences(whenLookEnds: 0, "has-pyarrow True") == [])
        #expect(check.differences(whenLookEnds: 0, "has-pyarrow False") == ["it has no pyarrow"])
        #expect(
            check.refusal(of: ["it has no pyarrow"], on: Example.master)?.description == """
                kubmaster: predictions.parquet cannot be written
                  why  it is Parquet, which needs pyarrow, and the deployed image has none
                  fix  add pyarrow to requirements.txt of the model directory and deploy; or use CSV
                """)
        // Where no pod runs nobody knows.
        let silent = "\nerror: deployments/inference has no pods\n"
        #expect(check.differences(whenLookEnds: 1, silent) == [])
        #expect(
            check.notes(
                given: Example.answers([check.looks[0]: CommandState(exitCode: 1, text: silent)]), on: Example.master)
                == [
                    """
                    whether the deployed image can write Parquet is not known: error: deployments/inference has no pods
                    """
                ])
    }

    /// The pod's own Python is this computer's here.
    @Test("asks the pod's own Python for pyarrow")
    func looksForParquet() async throws {
        try await TemporaryDirectory.during { directory in
            let look = try #require(try plan(BatchOutput(isParquet: true)).stages[0].work[0].steps.first?.looks.first)
            try directory.write(
                "kubectl",
                """
                #!/bin/sh
                while [ "$1" != exec ]; do shift; done
                [ "$2 $3" = "deployment/inference --" ] || exit 9
                shift 4; exec env "PYTHONPATH=${0%/*}/packages" python3 -S "$@"
                """, mode: 0o755)
            let line = "PATH=\(directory.path):$PATH; \(look)"
            #expect(try LocalProgram("sh", "-c", line).output == "has-pyarrow False\n")
            try directory.write("packages/pyarrow.py", "")
            #expect(try LocalProgram("sh", "-c", line).output == "has-pyarrow True\n")
        }
    }

    private func removed(_ name: String?, of names: [String]) throws -> String? {
        let look = SchedulesLook(cluster.service)
        guard case .command(let line) = look.questions[0] else { return nil }
        let all = try #require(look.found(Example.answers([line: CommandState(text: found(names))])))
        return try SchedulePlan.remove(name, found: all, cluster: cluster).stages[0].work[0].steps[0].title
    }

    @Test("is never taken for another when it shall go")
    func named() throws {
        let both = ["inference-batch", "inference-batch-weekly"]
        #expect(try removed(nil, of: both) == "inference-batch is not scheduled")
        #expect(try removed("weekly", of: both) == "inference-batch-weekly is not scheduled")
        #expect(try removed(nil, of: []) == "inference-batch is not scheduled")
        #expect(try removed("weekly", of: ["inference-batch"]) == "inference-batch-weekly is not scheduled")
        let error = #expect(throws: Problem.self) { try removed(nil, of: ["inference-batch-b", "inference-batch-a"]) }
        #expect(error?.description == "there is no schedule without a name\n  fix  say which: --name a or --name b")
        let other = #expect(throws: Problem.self) { try removed("c", of: ["inference-batch-a"]) }
        #expect(other?.description == "there is no schedule named c\n  fix  say which: --name a")
    }

    @Test("runs the release that was deployed last, at its own times")
    func followsRelease() async throws {
        let step = SchedulesUseRelease(Example.release, models: nil, of: cluster, templates: try Templates())
        let old = found(["inference-batch"], image: "10.77.0.11:5443/mlops/inference:fedcba9876543210")
        #expect(step.differences(whenLookEnds: 0, old) == ["inference-batch: fedcba9876543210 → 0123456789abcdef"])
        #expect(step.differences(whenLookEnds: 0, found(["inference-batch"])) == [])
        let host = ScriptedTransport { command in
            command.line.hasSuffix(" apply -f -") ? Output("") : Output(answering: CommandState(text: old))
        }
        try await step.apply(to: Machine(host: Example.master, transport: host))
        let stands = try Schedule.manifest(
            "inference-batch", at: "0 2 * * *", command: ["python", "inference.py"], input: nil, of: cluster,
            release: .example,
            templates: Templates())
        #expect(await host.commands.last?.inputText == stands)
        #expect(
            stands.contains("schedule: \"0 2 * * *\"")
                && stands.contains("image: \"10.77.0.11:5443/mlops/inference:0123456789abcdef\""))
    }

    @Test("keeps its columns and writes Parquet as before, when its address goes into a Secret")
    func keepsOutput() async throws {
        let step = SchedulesUseRelease(Example.release, models: nil, of: cluster, templates: try Templates())
        let open = found(["inference-batch"]).replacing(
            "inference.py\"]",
            with: #"inference.py","--input","https://data.example/rows.csv","--keep=a,b","--parquet"]"#)
        let host = ScriptedTransport { command in
            if command.line.contains(" apply ") { return Output("") }
            let text =
                command.inputText.contains("metadata.uid") ? "0f" : command.inputText.contains("secrets") ? "" : open
            return Output(answering: CommandState(text: text))
        }
        try await step.apply(to: Machine(host: Example.master, transport: host))
        let applied = try #require(await host.commands.first { $0.line.hasSuffix(" apply -f -") }?.inputText)
        #expect(applied.contains(#""--results", "/tmp/results", "--keep=a,b", "--parquet"]"#), "\(applied)")
        #expect(!applied.contains("\"--input\""))
    }

    @Test("pulls with the Secret of that release, where it named one of kubeforge's")
    func followsPullSecret() throws {
        let step = SchedulesUseRelease(
            Example.release, models: nil, pullSecret: "inference-registry-01234567", of: cluster,
            templates: try Templates())
        func differences(_ secret: String) -> [String] {
            let secrets = #""imagePullSecrets":[{"name":"\#(secret)"},{"name":"other"}]"#
            let found = found(["inference-batch"]).replacing(
                #""spec":{"containers""#, with: #""spec":{\#(secrets),"containers""#)
            return step.differences(whenLookEnds: 0, found)
        }
        #expect(differences("inference-registry-01234567") == [])
        #expect(differences("of-the-users-own") == [])
        #expect(
            differences("inference-registry") == [
                "Secret that inference-batch pulls with: inference-registry → inference-registry-01234567"
            ])
    }

    @Test("runs the models of that release, wherever they are")
    func followsModels() throws {
        let templates = try Templates()
        func differences(_ models: ModelVersion?, found: String) -> [String] {
            SchedulesUseRelease(Example.release, models: models, of: cluster, templates: templates).differences(
                whenLookEnds: 0, found)
        }
        let own = found(["inference-batch"])
        let stored = own.replacing(
            #""spec":{"containers""#,
            with: "\"spec\":{\"initContainers\":[\(Told.fetching(Example.version))],\"containers\"")
        #expect(differences(Example.models(), found: stored) == [])
        #expect(differences(Example.models(), found: own) == ["models of inference-batch: image → \(Example.version)"])
        #expect(differences(nil, found: stored) == ["models of inference-batch: \(Example.version) → image"])
    }
}
