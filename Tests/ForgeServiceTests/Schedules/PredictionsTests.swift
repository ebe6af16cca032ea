import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeTemplates
import ForgeTestSupport
import Testing

@testable import ForgeService

@Suite("The predictions of a schedule")
struct PredictionsTests {
    private static let address = "\(Example.store.url)/predictions/inference-batch"
    private let release = DeployedRelease(image: Example.release.reference, models: Example.models())

    private func schedule(_ output: BatchOutput = BatchOutput()) throws -> Schedule {
        Schedule(name: nil, cron: try CronExpression("0 2 * * *"), input: .own, output: output)
    }

    /// A schedule of the example's release, as kubectl tells it. `secret`: with which its pods write to the store; nil
    /// where predictions end with them. `models`: nil for those in the image.
    private func found(writingBy secret: String?, models: String? = Example.version) -> String {
        let fetching = models.map { "\"initContainers\":[\(Told.fetching($0))]," } ?? ""
        let variables =
            #"""
            ,"env":[{"name":"MODEL_STORE","value":"\#(Example.store.url)"},{"name":"PREDICTIONS_DIRECTORY",\#
            "value":"predictions/inference-batch"}]
            """#
        let volumes = secret.map { #","volumes":[{"name":"predictions","secret":{"secretName":"\#($0)"}}]"# } ?? ""
        return Told.list(
            #"""
            {"kind":"CronJob","metadata":{"name":"inference-batch"},"spec":{"schedule":"0 2 * * *","jobTemplate":{\#
            "spec":{"template":{"spec":{\#(fetching)"containers":[{"image":"\#(Example.release.reference)",\#
            "command":["python","inference.py","--results","/tmp/results"]\#(secret == nil ? "" : variables)},\#
            {"image":"proxy:1"}]\#(volumes)}}}}}}
            """#
        ).text
    }

    /// A cluster whose service has a model store with two keys, and the names of the Secrets with them.
    private func withStore(
        _ body: (_ cluster: Cluster, _ read: String, _ write: String) async throws -> Void
    ) async throws {
        try await TemporaryDirectory.during { directory in
            let store = ModelStore(
                url: Example.store.url, keyPath: try directory.write("write", "w"),
                readKeyPath: try directory.write("read", "r"), knownHostsPath: try directory.write("hosts", "h"))
            let cluster = Example.cluster(service: Service(models: store))
            let (read, write) = try (
                #require(try StoreSecret(cluster, for: .pods)?.name),
                #require(try StoreSecret(cluster, for: .schedules)?.name)
            )
            #expect(read != write)
            try await body(cluster, read, write)
        }
    }

    @Test("come into the model store by the key that may write, which the cluster has before the schedule")
    func written() async throws {
        try await withStore { cluster, read, write in
            let reading = DeployedRelease(
                image: release.image,
                models: ModelVersion(url: Example.store.url, version: Example.version, secret: read))
            let plan = try SchedulePlan.make(schedule(), cluster: cluster, release: reading, templates: Templates())
            let steps = plan.stages.flatMap { $0.steps(for: "kubmaster") }
            #expect(
                steps.map(\.title) == [
                    "the deployed image keeps predictions", "model-store Secret for predictions is up to date",
                    "inference-batch runs at 0 2 * * *, in UTC",
                ])
            #expect(steps.compactMap { ($0 as? StoreSecret)?.name } == [write])
            #expect(try StoreSecret(cluster, for: .training)?.name == write, "trainings have the same")
            let host = ScriptedTransport { command in
                let isAsked = command.inputText.contains("get cronjobs")
                return isAsked ? Output(answering: Told.list(), CommandState()) : Output("")
            }
            let last = try #require(steps.last)
            try await last.apply(to: Machine(host: Example.master, transport: host))
            let manifest = try #require(await host.commands.first { $0.line.hasSuffix(" apply -f -") }?.inputText)
            let volumes = manifest.matches(of: /- name: ([a-z-]+)\n +secret:\n +secretName: "([^"]+)"/).map {
                "\($0.1) \($0.2)"
            }
            #expect(volumes == ["model-store \(read)", "predictions \(write)"])
            let mounts = manifest.matches(of: /- name: ([a-z-]+)\n +mountPath: \/etc\/model-store\n/).map { "\($0.1)" }
            #expect(mounts == ["model-store", "predictions"], "who fetches models, and who puts predictions there")
        }
    }

    @Test("end with the pod without a model store, or with a release that knows none, and that is said")
    func note() throws {
        func note(_ store: ModelStore?, _ models: ModelVersion?, isParquet: Bool = false) throws -> String {
            SchedulePlan.note(
                try schedule(BatchOutput(isParquet: isParquet)),
                cluster: Example.cluster(service: Service(models: store)),
                release: DeployedRelease(image: release.image, models: models))
        }
        let models = Example.models()
        #expect(
            try note(Example.store, models)
                == "each run puts predictions.csv and scores.json into \(Self.address)/TIME, its start in UTC")
        #expect(
            try note(Example.store, models, isParquet: true)
                == "each run puts predictions.parquet and scores.json into \(Self.address)/TIME, its start in UTC")
        for models in [nil, models] {
            #expect(
                try note(nil, models) == """
                    predictions are lost with their pod; a model store would keep them: service: models: in \
                    inventory/lab.yaml, then `kubeforge deploy`
                    """)
        }
        #expect(
            try note(Example.store, nil) == """
                predictions are lost with their pod: the release that runs does not know the model store; `kubeforge \
                deploy` makes one that does, and the schedule follows it
                """)
        // Its image has nothing to reach the store with.
        let plan = try SchedulePlan.make(
            schedule(), cluster: Example.cluster(service: Service(models: Example.store)), release: .example,
            templates: Templates())
        #expect(plan.stages.flatMap { $0.steps(for: "kubmaster") }.count == 1)
    }

    @Test("are told where they come to another place, or by another key")
    func says() async throws {
        try await withStore { cluster, _, write in
            func differences(_ found: String) throws -> [String] {
                let step = try ScheduleExists(
                    schedule(), of: cluster, release: release, secret: write, templates: Templates())
                return step.differences(
                    given: Example.answers([
                        step.looks[0]: CommandState(text: found), step.looks[1]: CommandState(exitCode: 0),
                    ])
                ).map(\.text)
            }
            let told = try [write, nil, "inference-store-0"].map { try differences(found(writingBy: $0)) }
            #expect(
                told == [
                    [], ["predictions: lost with the pod → \(Self.address)"],
                    ["key for predictions: inference-store-0 → \(write)"],
                ])
        }
    }

    private func following(_ store: StoreSecret?, _ models: ModelVersion?, _ cluster: Cluster) throws
        -> SchedulesUseRelease
    {
        SchedulesUseRelease(Example.release, models: models, store: store, of: cluster, templates: try Templates())
    }

    @Test("come into the model store after the next deploy, where a schedule is from before; its key comes first")
    func gained() async throws {
        try await withStore { cluster, _, write in
            let step = try following(StoreSecret(cluster, for: .training), Example.models(), cluster)
            #expect(step.differences(whenLookEnds: 0, found(writingBy: write)) == [])
            #expect(
                step.differences(whenLookEnds: 0, found(writingBy: "inference-store-0")) == [
                    "key for predictions of inference-batch: inference-store-0 → \(write)"
                ])
            let old = found(writingBy: nil)
            #expect(
                step.differences(whenLookEnds: 0, old) == [
                    "predictions of inference-batch: lost with the pod → \(Self.address)"
                ])
            let host = ScriptedTransport { command in
                if command.line.contains(" apply ") { return Output("") }
                return Output(answering: CommandState(text: command.inputText.contains("cronjobs") ? old : ""))
            }
            try await step.apply(to: Machine(host: Example.master, transport: host))
            let applied = await host.commands.filter { $0.line.contains(" apply ") }.map(\.inputText)
            #expect(applied.count == 2)
            #expect(applied.first?.contains("kind: Secret\nmetadata:\n  name: \"\(write)\"\n") == true)
            #expect(
                try applied.last
                    == Schedule.manifest(
                        "inference-batch", at: "0 2 * * *",
                        command: ["python", "inference.py", "--results", "/tmp/results"], input: nil,
                        predictions: schedule().place(cluster.service, models: Example.models(), secret: write),
                        of: cluster, release: release, templates: Templates()))
        }
    }

    @Test("need no key in a cluster that has no schedule, or has the key")
    func noKey() async throws {
        try await withStore { cluster, _, write in
            let store = try #require(try StoreSecret(cluster, for: .training))
            let step = try following(store, Example.models(), cluster)
            for (schedules, applied) in [(Told.list().text, 0), (found(writingBy: nil), 1)] {
                let host = ScriptedTransport { command in
                    if command.line.contains(" apply ") { return Output("") }
                    let isSecret = !command.inputText.contains("cronjobs")
                    return Output(answering: CommandState(text: isSecret ? store.digest + "-" : schedules))
                }
                try await step.apply(to: Machine(host: Example.master, transport: host))
                let all = await host.commands.filter { $0.line.contains(" apply ") }
                #expect(all.count == applied)
            }
        }
    }

    @Test("stay where they are after a rollback, and end with the pod of a release with its models in the image")
    func rolledBack() async throws {
        try await withStore { cluster, _, write in
            let back = try following(nil, Example.models(), cluster)
            for secret in [write, "inference-store-0", nil] {
                #expect(back.differences(whenLookEnds: 0, found(writingBy: secret)) == [])
            }
            func applied(_ step: SchedulesUseRelease, _ found: String) async throws -> String {
                let host = ScriptedTransport { command in
                    command.line.contains(" apply ") ? Output("") : Output(answering: CommandState(text: found))
                }
                try await step.apply(to: Machine(host: Example.master, transport: host))
                return await host.commands.last?.inputText ?? ""
            }
            let other = found(writingBy: "inference-store-0", models: "v0")
            let kept = try await applied(back, other)
            #expect(kept.contains(/- name: predictions\n +secret:\n +secretName: "inference-store-0"\n/))
            #expect(kept.contains("value: \"predictions/inference-batch\""))
            let without = try following(nil, nil, cluster)
            #expect(
                without.differences(whenLookEnds: 0, found(writingBy: write)) == [
                    "models of inference-batch: \(Example.version) → image"
                ])
            #expect(
                without.differences(whenLookEnds: 0, found(writingBy: write, models: nil)) == [
                    "predictions of inference-batch: \(Self.address) → lost with the pod"
                ])
            #expect(try await !applied(without, other).contains("predictions/"))
        }
    }

    @Test("are not promised of an image from before they were kept, where a pod can tell")
    func earlierImage() async throws {
        let check = DeployedImageCheck.keepsPredictions(Service())
        #expect(check.differences(whenLookEnds: 0, "has-delivery True") == [])
        #expect(
            check.differences(whenLookEnds: 0, "has-delivery False") == ["it was built before predictions were kept"])
        #expect(
            check.refusal(of: ["it was built before predictions were kept"], on: Example.master)?.description == """
                kubmaster: predictions would be lost with their pod instead of being kept in the model store
                  why  the deployed image was built before predictions were kept
                  fix  build one that keeps them with `kubeforge deploy`; then schedule it
                """)
        let silent = "\nDefaulted container \"api\"\nerror: deployments/inference has no pods\n"
        #expect(check.differences(whenLookEnds: 1, silent) == [])
        let look = try #require(check.looks.first)
        #expect(
            check.notes(
                given: Example.answers([look: CommandState(exitCode: 1, text: silent)]), on: Example.master)
                == [
                    """
                    whether the deployed image keeps predictions is not known: error: deployments/inference has no pods
                    """
                ])
        // The pod's own Python is this computer's here.
        try await TemporaryDirectory.during { directory in
            try directory.write(
                "kubectl",
                """
                #!/bin/sh
                while [ "$1" != exec ]; do shift; done
                [ "$2 $3 $4" = "deployment/inference -- python" ] || exit 9
                shift 4; cd "${0%/*}/app" && exec python3 "$@"
                """, mode: 0o755)
            try directory.write("app/inference.py", "")
            let line = "PATH=\(directory.path):$PATH; \(look)"
            #expect(try LocalProgram("sh", "-c", line).output == "has-delivery False\n")
            try directory.write("app/delivery.py", "")
            #expect(try LocalProgram("sh", "-c", line).output == "has-delivery True\n")
        }
    }
}
