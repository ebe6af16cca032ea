import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeTemplates
import ForgeTestSupport
import Foundation
import Testing

@testable import ForgeService

@Suite("Models in the model store")
struct ModelVersionTests {
    private let recorded = NextModelVersion(Service(models: Example.store))

    @Test("are taken by a deploy as the last training left them; before the first one, the image's own")
    func deploy() throws {
        #expect(
            recorded.look == #"""
                { said=$(kubectl --kubeconfig /etc/kubernetes/admin.conf --request-timeout=30s --namespace mlops get \#
                configmaps --field-selector metadata.name=inference-releases --output 'jsonpath={range \#
                .items[*]}{.metadata.annotations.kubeforge\.io/models}{end}' 2>&1 >&3 3>&-) || { code=$?; printf \#
                '\n%s\n' "$said"; exit "$code"; }; } 3>&1
                """#)
        #expect(recorded.questions == [.command(recorded.look)])
        func ask(_ state: CommandState) throws -> ModelVersion? {
            try recorded.models(Example.answers([recorded.look: state]), from: "kubmaster")
        }
        #expect(try ask(CommandState(text: Example.version)) == Example.models())
        #expect(try ask(CommandState(text: "")) == Example.models("image"))
        let silent = #expect(throws: Problem.self) { try ask(CommandState(exitCode: 1)) }
        #expect(silent?.what == "kubmaster: the cluster's API does not answer")
        #expect(silent?.fix?.contains("renew") == false)
        let words =
            """
            Unable to connect to the server: x509: certificate has expired or is not yet valid: current time … is \
            after …
            """
        let expired = #expect(throws: Problem.self) { try ask(CommandState(exitCode: 1, text: words)) }
        #expect(expired?.why == words)
        #expect(expired?.fix == "`kubeforge provision --renew-certificates` renews the control plane's certificates")
        #expect(NextModelVersion(Service()).questions.isEmpty)
        #expect(try NextModelVersion(Service()).models(Answers(), from: "kubmaster") == nil)
    }

    @Test("make another release of the same image when their version is another")
    func pinned() throws {
        func template(_ models: ModelVersion?) throws -> String {
            let cluster = Example.cluster(service: Service(models: Example.store))
            let own = try Manifests.make(
                cluster: cluster, release: Example.release, models: models, templates: Templates())
            let first = try Manifests.canary(
                CanaryDeployment(release: Example.release), cluster: cluster, models: models, templates: Templates())
            #expect(first.template == own.template)
            return own.template
        }
        let templates = try [
            nil, Example.models(nil), Example.models(), Example.models("20261122T000000Z-0123456789abcdef"),
        ].map(template)
        #expect(Set(templates).count == 4)
    }

    @Test("are fetched by a first pod before all others when the key or the host keys are others")
    func secret() throws {
        let cluster = Example.cluster(service: Service(models: Example.store))
        let templates = try ["", "a", "b"].map { secret in
            let canary = try Manifests.canary(
                CanaryDeployment(release: Example.release), cluster: cluster, models: Example.models(), secret: secret,
                templates: Templates())
            let own = try Manifests.make(
                cluster: cluster, release: Example.release, models: Example.models(), secret: secret,
                templates: Templates())
            #expect(canary.template == own.template)
            return own.template
        }
        #expect(Set(templates).count == 3)
    }

    @Test("and what lets pods in are both a part of what a deploy tells the cluster to run")
    func planned() async throws {
        try await TemporaryDirectory.during { directory in
            func template(_ models: ModelVersion, key: String) throws -> String? {
                let file = directory.path("file")
                try key.write(toFile: file, atomically: true, encoding: .utf8)
                let store = ModelStore(url: Example.store.url, keyPath: file, knownHostsPath: file)
                let plan = try ServicePlan.make(
                    cluster: Example.cluster(service: Service(models: store)), context: Example.context(),
                    models: models,
                    templates: Templates(), by: "ann@desk")
                let steps = plan.stages.flatMap { $0.steps(for: "kubmaster") }
                #expect(steps.contains { $0.title == "model-store Secret is up to date" })
                return steps.compactMap { $0 as? ManifestsAreApplied }.first?.manifests.template
            }
            let first = try template(Example.models(), key: "a")
            let (same, version, key) = try (
                template(Example.models(), key: "a"), template(Example.models("v2"), key: "a"),
                template(Example.models(), key: "b")
            )
            #expect(first == same)
            #expect(Set([first, version, key]).count == 3)
        }
    }

    @Test("are fetched with the key that may read only, where there is one; trainings put them there with the other")
    func twoKeys() async throws {
        try await TemporaryDirectory.during { directory in
            try directory.write("write", "w")
            try directory.write("read", "r")
            try directory.write("hosts", "h")
            let store = ModelStore(
                url: Example.store.url, keyPath: directory.path("write"), readKeyPath: directory.path("read"),
                knownHostsPath: directory.path("hosts"))
            let cluster = Example.cluster(service: Service(models: store))
            let (read, write) = try (
                #require(try StoreSecret(cluster, for: .pods)?.name),
                #require(try StoreSecret(cluster, for: .training)?.name)
            )
            #expect(read != write)
            let deploy = try ServicePlan.make(
                cluster: cluster, context: Example.context(), models: Example.models(), templates: Templates(),
                by: "ann@desk"
            ).stages.flatMap { $0.steps(for: "kubmaster") }
            let manifests = try #require(deploy.compactMap { $0 as? ManifestsAreApplied }.first?.manifests)
            let pods = manifests.files.map { String(decoding: $0.content, as: UTF8.self) }.joined()
            #expect(pods.contains("secretName: \"\(read)\"") && !pods.contains(write))
            // What may write is not even sent.
            #expect(deploy.compactMap { ($0 as? StoreSecret)?.name } == [read])
            let run = TrainingRun(of: cluster, release: .example, time: "1")
            let train = try TrainingPlan.make(cluster: cluster, run: run, templates: Templates(), isFollowed: false) {
                _ in
            }
            .stages.flatMap { $0.steps(for: "kubmaster") }
            #expect(train.compactMap { ($0 as? StoreSecret)?.name } == [write])
            #expect(try run.manifest(Templates(), secret: write).contains("secretName: \"\(write)\""))
        }
    }

    @Test("are those of batch and training that the Deployment names")
    func deployed() throws {
        let look = DeployedRelease.Look(Service())
        func read(_ more: String) throws -> DeployedRelease {
            let deployment = Small.deployment.replacing(
                #""spec":{"containers""#, with: #""spec":{\#(more)"containers""#)
            return try look.read(
                Example.answers([look.deployment: CommandState(text: deployment)]), from: "kubmaster")
        }
        #expect(try read("") == .example)
        let stored = try read("\"initContainers\":[\(Told.fetching(Example.version))],")
        #expect(stored == DeployedRelease(image: Example.release.reference, models: Example.models()))
        #expect(
            try read(#""imagePullSecrets":[{"name":"inference-registry-01234567"}],"#)
                == DeployedRelease(image: Example.release.reference, pullSecret: "inference-registry-01234567"))
        #expect(throws: Never.self) { try TrainingPlan.check(stored, Service(models: Example.store)) }
        #expect(throws: Never.self) { try TrainingPlan.check(.example, Service()) }
        let early = #expect(throws: Problem.self) { try TrainingPlan.check(.example, Service(models: Example.store)) }
        #expect(
            early?.description == """
                the release that runs has its models in its image, and does not know the model store
                  fix  `kubeforge deploy` makes one that does; then train
                """)
    }

    @Test("are fetched by the pods of batch runs and schedules, too, and put there by training")
    func manifests() throws {
        let release = DeployedRelease(image: Example.release.reference, models: Example.models())
        for version in [Version(1, 20, 2), Version(1, 30, 4)] {
            let directory = "batch-with-store/\(version.major).\(version.minor)"
            let batch = try BatchManifests(
                Example.batchRun(shards: 1, kubernetes: version, release: release), templates: Templates())
            try Golden("\(directory)/shard.yaml").expect(try batch.shards(askingAt: "http://10.244.1.9:8081"))
            let split = try BatchManifests(
                Example.batchRun(kubernetes: version, release: release), templates: Templates())
            #expect(try split.shards(askingAt: "http://10.244.1.9:8081").contains("value: \"\(Example.version)\""))
            var cluster = Example.cluster(service: Service(models: Example.store))
            cluster.kubernetes = version
            let schedule = Schedule(name: nil, cron: try CronExpression("0 2 * * *"), input: .own)
            try Golden("\(directory)/schedule.yaml").expect(
                try schedule.manifest(cluster, release: release, templates: Templates()))
            let training = TrainingRun(of: cluster, release: .example, time: "20261121-151732")
            try Golden("\(directory)/training.yaml").expect(try training.manifest(Templates()))
        }
    }
}

@Suite("Models that a training has put into the store")
struct ModelsAreRecordedTests {
    private static let cluster = Example.cluster(service: Service(models: Example.store))
    private let run = TrainingRun(of: cluster, release: .example, time: "20261121-151732")
    private var step: ModelsAreRecorded { ModelsAreRecorded(run) }

    private func pods(_ phase: String, _ message: String) -> CommandState {
        Told.list(
            #"""
            {"kind":"Pod","metadata":{"name":"p","ownerReferences":[{"name":"inference-train-20261121-151732"}]},\#
            "status":{"phase":"\#(phase)",
            "containerStatuses":[{"name":"proxy","ready":false,"restartCount":0,"state":{"terminated":{\#
            "exitCode":0,"message":"bye"}}},
            {"name":"training","ready":false,"restartCount":0,"state":{"terminated":{\#
            "exitCode":0,"message":"\#(message)"}}}]}}
            """#)
    }

    private func differences(_ pods: CommandState, recorded: String) -> [String] {
        step.differences(given: Example.answers([step.looks[0]: pods, step.looks[1]: CommandState(text: recorded)]))
            .map(\.text)
    }

    @Test("are what the next deploy takes")
    func differences() {
        let version = Example.version
        #expect(step.title == "the next deploy takes the models of inference-train-20261121-151732")
        #expect(differences(Told.list(), recorded: "") == ["it has put none into the model store"])
        #expect(
            differences(pods("Succeeded", "models are not uploaded: no"), recorded: "") == [
                "it has put none into the model store"
            ])
        #expect(differences(pods("Failed", version), recorded: "") == ["it has put none into the model store"])
        #expect(differences(pods("Succeeded", version), recorded: "") == ["models: the image's own → \(version)"])
        #expect(differences(pods("Succeeded", version), recorded: "older") == ["models: older → \(version)"])
        #expect(differences(pods("Succeeded", version), recorded: version) == [])
    }

    @Test("are kept as an annotation of the history")
    func apply() async throws {
        let pods = pods("Succeeded", Example.version)
        let host = ScriptedTransport { command in
            command.line.contains("annotate") ? Output("") : Output(answering: pods, CommandState(text: ""))
        }
        try await step.apply(to: Machine(host: Example.master, transport: host))
        #expect(
            await host.commands.last?.line == """
                kubectl --kubeconfig /etc/kubernetes/admin.conf --request-timeout=30s --namespace mlops annotate \
                --overwrite configmap/inference-releases kubeforge.io/models=20261121T151732Z-0123456789abcdef
                """)
    }

    @Test("are not recorded when the pod that made them is gone, and it is told how they are had again")
    func isGone() async throws {
        try await TemporaryDirectory.during { directory in
            try directory.write("churn/churn.joblib", "a model")
            let push = TrainingRun(
                of: Self.cluster, release: .example,
                pushing: try PushedModel(directory.path("churn"), as: "churn"), time: "1")
            for (gone, fix) in [(run, "train again: `kubeforge train`"), (push, "push it again")] {
                let host = ScriptedTransport { _ in Output(answering: Told.list(), CommandState()) }
                let problem = await #expect(throws: Problem.self) {
                    try await ModelsAreRecorded(gone).apply(to: Machine(host: Example.master, transport: host))
                }
                #expect(
                    problem?.description == """
                        kubmaster: the version of the models is not known
                          why  the pod of \(gone.name) that put them into the store is gone
                          fix  \(fix)
                        """)
                #expect(await host.commands.count == 1)
            }
        }
    }

    @Test("come after the training and the Secret in its plan, and with models in the image not at all")
    func plan() async throws {
        try await TemporaryDirectory.during { directory in
            let file = directory.path("file")
            try "".write(toFile: file, atomically: true, encoding: .utf8)
            let store = ModelStore(url: Example.store.url, keyPath: file, knownHostsPath: file)
            func plan(_ store: ModelStore?) throws -> Plan {
                let cluster = Example.cluster(service: Service(models: store))
                let run = TrainingRun(of: cluster, release: .example, time: "1")
                return try TrainingPlan.make(cluster: cluster, run: run, templates: Templates(), isFollowed: false) {
                    _ in
                }
            }
            func titles(_ store: ModelStore?) throws -> [String] {
                try plan(store).stages.flatMap { $0.steps(for: "kubmaster") }.map(\.title)
            }
            #expect(
                try plan(store).stages.map(\.name) == [
                    "the cluster is free for a training", "the models are trained", "the models are kept",
                ])
            let plain = ["earlier trainings are cleaned up", "inference-train-1 has trained the models"]
            let (without, with) = (try titles(nil), try titles(store))
            #expect(without == plain)
            let both = [
                plain[0], "model-store Secret for trainings is up to date", plain[1],
                "the next deploy takes the models of inference-train-1",
            ]
            #expect(with == both)
        }
    }
}
