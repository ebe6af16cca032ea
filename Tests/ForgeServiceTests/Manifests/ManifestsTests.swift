import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeTemplates
import ForgeTestSupport
import Foundation
import Testing
import Yams

@testable import ForgeService

@Suite("The manifests")
struct ManifestsTests {
    private func make(
        _ service: Service = Service(), _ release: Release = Example.release, models: ModelVersion? = nil
    ) throws -> [String: String] {
        let files = try Manifests.make(
            cluster: Example.cluster(service: service), release: release, models: models, templates: Templates()
        ).files
        return Dictionary(uniqueKeysWithValues: files.map { ($0.path, String(decoding: $0.content, as: UTF8.self)) })
    }

    @Test(
        "read as they are applied",
        arguments: [
            "namespace", "deployment", "service", "networkpolicy", "poddisruptionbudget", "releases", "kustomization",
        ])
    func read(name: String) throws {
        let text = try #require(try make()["/var/lib/kubeforge/manifests/mlops.inference/\(name).yaml"])
        try Golden("manifests/\(name).yaml").expect(text)
        let node = try Yams.compose(yaml: text)
        #expect(node?["apiVersion"]?.string != nil)
    }

    @Test("of services of one name in two namespaces do not lie at one place, nor do those of their canaries")
    func places() throws {
        func directories(_ namespace: String) throws -> [String] {
            let cluster = Example.cluster(service: Service(namespace: namespace))
            let canary = try Manifests.canary(
                CanaryDeployment(release: Example.release), cluster: cluster, templates: Templates())
            let all = try [Manifests.make(cluster: cluster, release: Example.release, templates: Templates()), canary]
            for manifests in all {
                #expect(manifests.files.allSatisfy { $0.path.hasPrefix(manifests.directory + "/") })
            }
            return all.map(\.directory)
        }
        #expect(
            try directories("team-a") == [
                "/var/lib/kubeforge/manifests/team-a.inference",
                "/var/lib/kubeforge/manifests/team-a.inference-candidate",
            ])
        #expect(try Set(directories("team-a")).isDisjoint(with: directories("team-b")))
    }

    @Test("come in the order of their names")
    func order() throws {
        let files = try Manifests.make(cluster: Example.cluster(), release: Example.release, templates: Templates())
            .files
        let names = files.map { String($0.path.split(separator: "/").last ?? "") }
        #expect(
            names == [
                "deployment.yaml", "jobpolicies.yaml", "kustomization.yaml", "namespace.yaml", "networkpolicy.yaml",
                "poddisruptionbudget.yaml", "releases.yaml", "service.yaml",
            ])
    }

    @Test(
        "keep pods during a drain by the policy that each Kubernetes knows",
        arguments: [
            (Version(1, 20, 15), "policy/v1beta1"), (Version(1, 21, 0), "policy/v1"), (Version(1, 36, 2), "policy/v1"),
        ])
    func policy(version: Version, expected: String) throws {
        var cluster = Example.cluster()
        cluster.kubernetes = version
        let files = try Manifests.make(cluster: cluster, release: Example.release, templates: Templates()).files
        let file = try #require(files.first { $0.path.hasSuffix("/poddisruptionbudget.yaml") })
        let text = String(decoding: file.content, as: UTF8.self)
        #expect(try Yams.compose(yaml: text)?["apiVersion"]?.string == expected)
    }

    @Test("give pods what the inventory says, and tell them to keep their examples")
    func settings() throws {
        let service = Service(examples: .private, resources: .init(cpu: "2", memory: 1536 << 20))
        let text = try #require(try make(service)["/var/lib/kubeforge/manifests/mlops.inference/deployment.yaml"])
        let container = try #require(try Yams.compose(yaml: text))["spec"]?["template"]?["spec"]?["containers"]?[0]
        #expect(container?["resources"]?["requests"]?["cpu"]?.string == "2")
        #expect(container?["resources"]?["limits"]?["memory"]?.string == "1536Mi")
        #expect(container?["env"]?[0]?["name"]?.string == "EXAMPLES")
        #expect(container?["env"]?[0]?["value"]?.string == "private")
        #expect(container?["env"]?[1]?["name"]?.string == "OMP_NUM_THREADS")
        #expect(container?["env"]?[1]?["value"]?.string == "2")
        // model_info tells it, and Prometheus finds it where pods say.
        #expect(container?["env"]?[2]?["name"]?.string == "RELEASE")
        #expect(container?["env"]?[2]?["value"]?.string == "inference:0123456789abcdef")
        let pod = try #require(try Yams.compose(yaml: text))["spec"]?["template"]
        let annotations = ["scrape", "port", "path", "scheme"].map {
            pod?["metadata"]?["annotations"]?["prometheus.io/\($0)"]?.string
        }
        #expect(annotations == ["true", "8080", "/metrics", "http"])
        #expect(
            ["0", "100m", "1", "1000m", "1001m", "2500m", "3"].map { Service.Resources(cpu: $0).threads }
                == [1, 1, 1, 1, 2, 3, 3])
    }

    @Test("of the user's own need no place for what the inventory does not say, and need one for what it says")
    func ownDeployment() throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: "kubeforge-\(UUID())")
        defer { try? FileManager.default.removeItem(at: directory) }
        let file = directory.appending(path: "kubernetes/base/deployment.yaml")
        try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        var text = try Templates()["kubernetes/base/deployment.yaml"].text
        for (name, value) in ["andEnv": "", "cpu": "1", "memory": "3Gi", "protocol": "\"http\""] {
            text = text.replacing("{{ \(name) }}", with: value)
        }
        try Data(text.utf8).write(to: file)
        let templates = try Templates(overlay: directory.path())
        func render(_ service: Service) throws {
            _ = try Manifests.make(
                cluster: Example.cluster(service: service), release: Example.release, templates: templates)
        }
        try render(Service())
        let said = [
            ("andEnv", Service(examples: .private)), ("cpu", Service(resources: .init(cpu: "900m"))),
            ("memory", Service(resources: .init(memory: 2 << 30))),
        ]
        for (name, service) in said {
            let problem = #expect(throws: Problem.self) { try render(service) }
            #expect(problem?.why == "it does not say where {{ \(name) }} goes")
        }
    }

    @Test("fetch the models from the model store before the service starts, where there is one")
    func modelStore() throws {
        let text = try #require(
            try make(Service(models: Example.store), models: Example.models())[
                "/var/lib/kubeforge/manifests/mlops.inference/deployment.yaml"])
        try Golden("manifests/deployment-with-store.yaml").expect(text)
        let pod = try #require(try Yams.compose(yaml: text))["spec"]?["template"]?["spec"]
        let names = ["initContainers", "containers", "volumes"].map {
            pod?[$0]?.sequence?.compactMap { $0["name"]?.string }
        }
        #expect(names == [["models"], ["api"], ["tmp", "models", "model-store"]])
        #expect(
            pod?["containers"]?[0]?["volumeMounts"]?.sequence?.compactMap { $0["mountPath"]?.string } == [
                "/tmp", "/app/models",
            ])
    }

    @Test(
        "name a node port, or leave the choice to the cluster",
        arguments: [(nil, nil), (30080, 30080)] as [(Int?, Int?)])
    func nodePort(wanted: Int?, written: Int?) throws {
        let text = try #require(
            try make(Service(nodePort: wanted))["/var/lib/kubeforge/manifests/mlops.inference/service.yaml"])
        let spec = try #require(try Yams.compose(yaml: text))["spec"]
        #expect(spec?["ports"]?[0]?["nodePort"]?.int == written)
        #expect(spec?["type"]?.string == "NodePort")
    }

    @Test(
        "keep every value the text that it is",
        arguments: ["1e10", "007", "yes", "a\"b: {c}\n- d", "0x1F", "\u{7f}é\\", ""])
    func quote(value: String) throws {
        let line: String = "key: " + value.yamlQuoted
        let back = try Yams.compose(yaml: line)
        #expect(back?["key"]?.string == value)
        let files = try make(Service(), Release(name: "inference", tag: value))
        let deployment = try #require(files["/var/lib/kubeforge/manifests/mlops.inference/deployment.yaml"])
        let node = try #require(try Yams.compose(yaml: deployment))
        #expect(node["spec"]?["template"]?["metadata"]?["labels"]?["app.kubernetes.io/version"]?.string == value)
    }

    @Test("never ask for latest, and never for a token")
    func neverLatest() throws {
        for (_, text) in try make() { #expect(!text.contains("latest")) }
        let deployment = try #require(try make()["/var/lib/kubeforge/manifests/mlops.inference/deployment.yaml"])
        #expect(
            deployment.contains(
                "image: \"10.77.0.11:5443/mlops/inference:0123456789abcdef\"\n          imagePullPolicy: IfNotPresent"))
        #expect(deployment.contains("automountServiceAccountToken: false"))
    }
}
