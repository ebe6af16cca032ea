import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeTemplates
import ForgeTestSupport
import Foundation
import Testing
import Yams

@testable import ForgeService

@Suite("What pods pull with")
struct PullSecretTests {
    @Test("is compared inside the host's shell, and its content never leaves it")
    func look() async throws {
        try await TemporaryDirectory.during { directory in
            let secret = #"{"auths":{"10.77.0.11:5443":{"auth":"c2VjcmV0"}}}"#
            let file = try directory.write("config.json", secret + "\n")
            let step = PullSecret(Example.cluster())
            #expect(step.title == "pods may pull from the registry")
            func said(_ kubectl: String) throws -> [String] {
                try directory.write("kubectl", "#!/bin/sh\n\(kubectl)\n", mode: 0o755)
                let look = try #require(step.looks.first).replacing(
                    "/var/lib/kubeforge/registry/login/config.json", with: file)
                let run = try LocalProgram("sh", "-c", "PATH=\(directory.path):$PATH; \(look)")
                #expect(!run.output.contains("c2VjcmV0"))
                return step.differences(whenLookEnds: Int(run.exitCode), run.output)
            }
            #expect(try said("base64 -w 0 \(file)") == [])
            #expect(try said("exit 0") == ["Secret mlops.inference-registry-6dace20b is missing"])
            #expect(
                try said("echo bm90IGl0 # not it") == ["Secret mlops.inference-registry-6dace20b has another password"])
            #expect(
                try said("echo Unable to connect >&2; exit 1") == [
                    "Secret mlops.inference-registry-6dace20b cannot be read: Unable to connect"
                ])
        }
    }

    @Test(
        """
        becomes a Secret of the service's namespace, out of the file, without a copy in an annotation or on a command \
        line
        """
    )
    func apply() async throws {
        try await TemporaryDirectory.during { directory in
            let file = try directory.write("config.json", "{}\n")
            try directory.write(
                "kubectl", "#!/bin/sh\necho \"$*\" >>\(directory.path("calls")); case \"$*\" in *apply*) cat;; esac\n",
                mode: 0o755)
            let host = ScriptedTransport { _ in Output("") }
            try await PullSecret(Example.cluster()).apply(to: Machine(host: Example.master, transport: host))
            let script = try #require(await host.commands.first).words[2].text.replacing(
                "/var/lib/kubeforge/registry/login/config.json", with: file)
            let manifest = try LocalProgram("sh", "-c", "PATH=\(directory.path):$PATH; \(script)").output
            #expect(
                manifest == """
                    apiVersion: v1
                    kind: Secret
                    metadata:
                      name: "inference-registry-6dace20b"
                      namespace: "mlops"
                      labels:
                        app.kubernetes.io/name: "inference"
                        app.kubernetes.io/managed-by: kubeforge
                    type: kubernetes.io/dockerconfigjson
                    data:
                      .dockerconfigjson: e30K

                    """)
            let calls = try directory.text("calls")
            #expect(calls.contains("apply --server-side --force-conflicts --field-manager=kubeforge -f -"))
            #expect(!calls.contains("e30K"))
        }
    }

    @Test(
        """
        is named by every pod, and every image by its registry's name: no runtime can take it for one of a public \
        registry
        """,
        arguments: [
            Service(), Service(registry: "registry.example:5000/team"),
            Service(models: Example.store), Service(name: "eeg", namespace: "team"),
        ])
    func everyPod(service: ForgeInventory.Service) throws {
        var cluster = Example.cluster(service: service)
        for version in [Version(1, 20, 2), Version(1, 30, 4)] {
            cluster.kubernetes = version
            let pods = try Self.pods(cluster)
            #expect(pods.count == 7)
            for pod in pods {
                #expect(Self.secrets(of: pod) == [PullSecret.name(of: cluster)])
                let containers = (pod["containers"]?.array() ?? []) + (pod["initContainers"]?.array() ?? [])
                #expect(!containers.isEmpty)
                for container in containers {
                    let prefix = service.registry ?? "10.77.0.11:5443/\(service.namespace)"
                    #expect(container["image"]?.string == "\(prefix)/\(service.name):0123456789abcdef")
                    #expect(container["imagePullPolicy"]?.string == "IfNotPresent")
                }
            }
        }
    }

    @Test("has another name for another registry and another login there, and the same one for another password")
    func names() {
        func name(_ service: ForgeInventory.Service) -> String {
            PullSecret.name(of: Example.cluster(service: service))
        }
        func team(_ user: String, _ path: String) -> ForgeInventory.Service {
            Service(registry: "registry.example/team", registryLogin: .init(user: user, passwordPath: path))
        }
        let names = [
            name(Service()), name(Service(registry: "registry.example/team")),
            name(Service(registry: "registry.example/others")), name(team("ann", "/a")), name(team("ben", "/a")),
        ]
        #expect(Set(names).count == names.count)
        #expect(name(team("ann", "/a")) == name(team("ann", "/b")))
        #expect(names.allSatisfy { PullSecret.isName($0, of: Service()) })
        #expect(PullSecret.isName("inference-registry", of: Service()))
        for other in ["inference-registry-two", "inference-registry-6dace20b-2", "inference-store-6dace20b", "mine"] {
            #expect(!PullSecret.isName(other, of: Service()))
        }
    }

    @Test("is the first that pods name, and what lets others in is what they have at its place")
    func named() throws {
        let deployment = try #require(
            ClusterObject.one(
                #"""
                {"kind":"Deployment","metadata":{"name":"inference"},"spec":{"template":{"spec":{"containers":[],\#
                "imagePullSecrets":[{"name":"inference-registry-01234567"},{"name":"hub"}],"volumes":[{"name":"tmp"},{\#
                "name":"keys","secret":{"secretName":"keys"}},{"name":"access","secret":{\#
                "secretName":"inference-access-1"}},{"name":"more","secret":{"secretName":"more"}}]}}}}
                """#))
        let pod = try #require(deployment.spec?.template?.spec)
        #expect(pod.pullSecret == "inference-registry-01234567")
        #expect(pod.accessSecret == "inference-access-1")
    }

    @Test("of the release that runs is what batch runs, trainings and schedules pull with, until another one runs")
    func ofRelease() throws {
        let cluster = Example.cluster(service: Service(registry: "registry.example/new"))
        let seen = try Self.pods(cluster, pullSecret: "inference-registry-01234567").map { Self.secrets(of: $0) }
        let new = PullSecret.name(of: cluster)
        #expect(seen == [[new], [new]] + Array(repeating: ["inference-registry-01234567"], count: 5))
    }

    @Test("of the release that runs, and its Secret of the model store, are not touched before the next one's gate")
    func beforeGate() async throws {
        try await TemporaryDirectory.during { directory in
            func cluster(_ number: Int) throws -> Cluster {
                let key = try directory.write("key\(number)", "key \(number)")
                let store = ModelStore(url: Example.store.url, keyPath: key, knownHostsPath: key)
                return Example.cluster(service: Service(registry: "registry.example/\(number)", models: store))
            }
            /// The Secrets that the pods of its release name.
            func named(_ plan: Plan) throws -> Set<String> {
                let steps = plan.stages.flatMap { $0.steps(for: "kubmaster") }
                let applied = try #require(steps.compactMap { $0 as? ManifestsAreApplied }.first)
                let text = applied.manifests.files.map { String(decoding: $0.content, as: UTF8.self) }.joined()
                return Set(text.matches(of: /(?:inference-(?:registry|store))(?:-[0-9a-f]{8})?/).map { String($0.0) })
            }
            func plan(_ number: Int) throws -> Plan {
                try ServicePlan.make(
                    cluster: try cluster(number), context: Example.context(), models: Example.models(),
                    templates: Templates(), by: "ann@desk")
            }
            let (old, new) = (try plan(1), try plan(2))
            let (running, next) = (try named(old), try named(new))
            #expect(running.count == 2 && next.count == 2)
            // All that comes before the gate is done, whether it is so already or not.
            let host = ScriptedTransport { _ in Output("") }
            let machine = Machine(host: Example.master, transport: host)
            for step in new.stages.flatMap({ $0.steps(for: "kubmaster") }).prefix(while: {
                !($0 is ManifestsAreApplied)
            }) {
                try? await step.apply(to: machine)
            }
            let sent = await host.commands.map { $0.line + $0.inputText }.joined(separator: "\n")
            for name in next { #expect(sent.contains(name), "\(name) is not made") }
            for name in running { #expect(!sent.contains(name), "\(name) is changed") }
        }
    }

    private static func secrets(of pod: Node) -> [String] {
        (pod["imagePullSecrets"]?.array() ?? []).compactMap { $0["name"]?.string }
    }

    /// The pods of everything that kubeforge puts into a cluster: Deployment, candidate, coordinator, shards in one Job
    /// and alone, schedule, training. `pullSecret`: that of the release that runs.
    private static func pods(_ cluster: Cluster, pullSecret: String? = nil) throws -> [Node] {
        let templates = try Templates()
        let release = Release(name: cluster.service.name, tag: "0123456789abcdef", registry: cluster.imagePrefix)
        let models = cluster.service.models == nil ? nil : Example.models()
        let deployed = DeployedRelease(image: release.reference, models: models, pullSecret: pullSecret)
        func run(_ shards: Int) throws -> BatchManifests {
            let run = BatchRun(of: cluster, input: .own, shards: shards, release: deployed, time: "1")
            return try BatchManifests(run, templates: templates)
        }
        let base = try Manifests.make(cluster: cluster, release: release, models: models, templates: templates).files
        let canary = try Manifests.canary(
            CanaryDeployment(release: release), cluster: cluster, models: models, templates: templates
        ).files
        let schedule = Schedule(name: nil, cron: try CronExpression("@daily"), input: .own)
        let texts =
            (base + canary).map { String(decoding: $0.content, as: UTF8.self) } + [
                try run(2).coordinator, try run(2).shards(askingAt: "http://10.244.1.9:8081"),
                try run(1).shards(askingAt: "http://10.244.1.9:8081"),
                try schedule.manifest(cluster, release: deployed, templates: templates),
                try TrainingRun(of: cluster, release: deployed, time: "1").manifest(templates),
            ]
        var seen: Set<String> = []
        return try texts.flatMap { try Array(Yams.compose_all(yaml: $0)) }.compactMap { document in
            let job = document["spec"]?["jobTemplate"] ?? document
            guard let pod = (job["spec"]?["template"] ?? job)["spec"], pod["containers"] != nil else { return nil }
            // Before 1.24 each shard is a Job of its own: one of them is enough.
            let kind =
                """
                \(document["kind"]?.string ?? "") \
                \(document["metadata"]?["name"]?.string?.replacing(/-[01]$/, with: "") ?? "")
                """
            return seen.insert(
                "\(kind) \(pod["containers"]?[0]?["command"]?.array().contains { $0.string == "--shard" } == true)"
            ).inserted
                ? pod : nil
        }
    }
}
