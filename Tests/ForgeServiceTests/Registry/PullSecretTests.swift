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
        try await TemporaryFolder.during { folder in
            let secret = #"{"auths":{"10.77.0.11:5443":{"auth":"c2VjcmV0"}}}"#
            let file = try folder.write("config.json", secret + "\n")
            let step = PullSecret(Example.cluster())
            #expect(step.title == "pods may pull from the registry")
            func said(_ kubectl: String) throws -> [String] {
                try folder.write("kubectl", "#!/bin/sh\n\(kubectl)\n", mode: 0o755)
                let look = try #require(step.looks.first).replacing(
                    "/var/lib/kubeforge/registry/login/config.json", with: file)
                let run = try LocalProgram("sh", "-c", "PATH=\(folder.path):$PATH; \(look)")
                #expect(!run.output.contains("c2VjcmV0"))
                return step.differences(whenLookEnds: Int(run.exitCode), run.output)
            }
            #expect(try said("base64 -w 0 \(file)") == [])
            #expect(try said("exit 0") == ["Secret mlops.inference-registry is missing"])
            #expect(try said("echo bm90IGl0 # not it") == ["Secret mlops.inference-registry has another password"])
            #expect(
                try said("echo Unable to connect >&2; exit 1") == [
                    "Secret mlops.inference-registry cannot be read: Unable to connect"
                ])
        }
    }

    @Test(
        "becomes a Secret of the service's namespace, out of the file, without a copy in an annotation or on a command line"
    )
    func apply() async throws {
        try await TemporaryFolder.during { folder in
            let file = try folder.write("config.json", "{}\n")
            try folder.write(
                "kubectl", "#!/bin/sh\necho \"$*\" >>\(folder.path("calls")); case \"$*\" in *apply*) cat;; esac\n",
                mode: 0o755)
            let host = ScriptedTransport { _ in Output("") }
            try await PullSecret(Example.cluster()).apply(to: Machine(host: Example.master, transport: host))
            let script = try #require(await host.commands.first).words[2].text.replacing(
                "/var/lib/kubeforge/registry/login/config.json", with: file)
            let manifest = try LocalProgram("sh", "-c", "PATH=\(folder.path):$PATH; \(script)").output
            #expect(
                manifest == """
                    apiVersion: v1
                    kind: Secret
                    metadata:
                      name: "inference-registry"
                      namespace: "mlops"
                      labels:
                        app.kubernetes.io/name: "inference"
                        app.kubernetes.io/managed-by: kubeforge
                    type: kubernetes.io/dockerconfigjson
                    data:
                      .dockerconfigjson: e30K

                    """)
            let calls = try folder.text("calls")
            #expect(calls.contains("apply --server-side --force-conflicts --field-manager=kubeforge -f -"))
            #expect(!calls.contains("e30K"))
        }
    }

    @Test(
        "is named by every pod, and every image by its registry's name: no runtime can take it for one of a public registry",
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
                #expect(
                    pod["imagePullSecrets"]?.array().compactMap { $0["name"]?.string } == ["\(service.name)-registry"])
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

    /// The pods of everything that kubeforge puts into a cluster: Deployment, candidate, coordinator, shards in one Job
    /// and alone, schedule, training.
    private static func pods(_ cluster: Cluster) throws -> [Node] {
        let templates = try Templates()
        let release = Release(name: cluster.service.name, tag: "0123456789abcdef", registry: cluster.imagePrefix)
        let models = cluster.service.models == nil ? nil : Example.models()
        let deployed = DeployedRelease(image: release.reference, models: models)
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
                try TrainingRun(of: cluster, image: release.reference, time: "1").manifest(templates),
            ]
        var seen: Set<String> = []
        return try texts.flatMap { try Array(Yams.compose_all(yaml: $0)) }.compactMap { document in
            let job = document["spec"]?["jobTemplate"] ?? document
            guard let pod = (job["spec"]?["template"] ?? job)["spec"], pod["containers"] != nil else { return nil }
            // Before 1.24 each shard is a Job of its own: one of them is enough.
            let kind =
                "\(document["kind"]?.string ?? "") \(document["metadata"]?["name"]?.string?.replacing(/-[01]$/, with: "") ?? "")"
            return seen.insert(
                "\(kind) \(pod["containers"]?[0]?["command"]?.array().contains { $0.string == "--shard" } == true)"
            ).inserted
                ? pod : nil
        }
    }
}
