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
        let text = try #require(try make()["/var/lib/kubeforge/manifests/inference/\(name).yaml"])
        try Golden("manifests/\(name).yaml").expect(text)
        let node = try Yams.compose(yaml: text)
        #expect(node?["apiVersion"]?.string != nil)
    }

    @Test("give pods what the inventory says, and tell them to keep their examples")
    func settings() throws {
        let service = Service(examples: .private, resources: .init(cpu: "2", memory: 1536 << 20))
        let text = try #require(try make(service)["/var/lib/kubeforge/manifests/inference/deployment.yaml"])
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
        #expect(["100m", "1", "1001m", "2500m", "3"].map { Service.Resources(cpu: $0).threads } == [1, 1, 2, 3, 3])
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
                "/var/lib/kubeforge/manifests/inference/deployment.yaml"])
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
            try make(Service(nodePort: wanted))["/var/lib/kubeforge/manifests/inference/service.yaml"])
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
        let deployment = try #require(files["/var/lib/kubeforge/manifests/inference/deployment.yaml"])
        let node = try #require(try Yams.compose(yaml: deployment))
        #expect(node["spec"]?["template"]?["metadata"]?["labels"]?["app.kubernetes.io/version"]?.string == value)
    }

    @Test("never ask for latest, and never for a token")
    func neverLatest() throws {
        for (_, text) in try make() { #expect(!text.contains("latest")) }
        let deployment = try #require(try make()["/var/lib/kubeforge/manifests/inference/deployment.yaml"])
        #expect(
            deployment.contains(
                "image: \"10.77.0.11:5443/mlops/inference:0123456789abcdef\"\n          imagePullPolicy: IfNotPresent"))
        #expect(deployment.contains("automountServiceAccountToken: false"))
    }
}

@Suite("Applied manifests")
struct ManifestsAreAppliedTests {
    private let step = ManifestsAreApplied(
        Manifests(
            files: [RemoteFile("/var/lib/kubeforge/manifests/inference/a.yaml", "a\n")], template: "",
            directory: "/var/lib/kubeforge/manifests/inference"), release: Example.release,
        after: CanaryCheck(
            CanaryDeployment(release: Example.release), manifests: Manifests(files: [], template: "", directory: ""),
            namespace: "mlops",
            within: .zero), namespace: "mlops")

    private var diff: String { step.looks[1] }

    private let canaries =
        "{ said=$(kubectl --kubeconfig /etc/kubernetes/admin.conf --request-timeout=30s --namespace mlops get "
        + "deployments --selector 'app.kubernetes.io/name in (inference, inference-candidate)' --output json "
        + #"2>&1 >&3 3>&-) || { code=$?; printf '\n%s\n' "$said"; exit "$code"; }; } 3>&1"#

    private func differences(_ exitCode: Int, _ text: String, file: String = "a\n", left: String = "") -> [String] {
        let path = "/var/lib/kubeforge/manifests/inference/a.yaml"
        var answers = Example.answers([diff: CommandState(exitCode: exitCode, text: text), canaries: Told.list(left)])
        answers.merge(Answers([.file(path): .file(FileState(sha256: SHA256.hex(file)))]))
        return step.differences(given: answers).map(\.text)
    }

    @Test("ask the cluster itself, besides their files")
    func ask() {
        #expect(step.title == "the manifests of inference:0123456789abcdef are applied")
        #expect(step.looks == ["file /var/lib/kubeforge/manifests/inference/a.yaml", diff, canaries])
        #expect(diff.contains("--namespace mlops diff -k /var/lib/kubeforge/manifests/inference"))
    }

    @Test("are so when the files are and the cluster says so")
    func areSo() {
        #expect(differences(0, "") == [])
        #expect(
            differences(0, "", left: Told.deployment("inference-candidate")) == [
                "inference-candidate of an earlier run is left"
            ])
        #expect(differences(0, "", file: "b\n") == ["/var/lib/kubeforge/manifests/inference/a.yaml differs"])
    }

    @Test("tell what somebody changed in the cluster")
    func tellDrift() {
        let text = """
            diff -u -N /tmp/LIVE-1/apps.v1.Deployment.mlops.inference /tmp/MERGED-2/apps.v1.Deployment.mlops.inference
            --- /tmp/LIVE-1/apps.v1.Deployment.mlops.inference	2026-11-21 12:00:00
            +++ /tmp/MERGED-2/apps.v1.Deployment.mlops.inference	2026-11-21 12:00:00
            @@ -6,7 +6,7 @@
            -  generation: 3
            +  generation: 4
            -  replicas: 3
            +  replicas: 2
            diff -u -N /tmp/LIVE-1/v1.Service.mlops.inference /tmp/MERGED-2/v1.Service.mlops.inference
            --- /tmp/LIVE-1/v1.Service.mlops.inference	2026-11-21 12:00:00
            +++ /tmp/MERGED-2/v1.Service.mlops.inference	2026-11-21 12:00:00
            +apiVersion: v1
            +kind: Service
            +metadata:
            +  name: inference
            +  namespace: mlops
            exit status 1
            """
        #expect(
            differences(1, text) == [
                "Deployment mlops.inference: -replicas: 3, +replicas: 2",
                """
                Service mlops.inference: +apiVersion: v1, +kind: Service, +metadata:, +name: inference, and 1 more lines
                """,
            ])
    }

    @Test("say why they cannot be compared")
    func sayWhyNot() {
        #expect(
            differences(1, "error: the server could not find the requested resource")
                == ["could not be compared with the cluster: error: the server could not find the requested resource"])
        #expect(differences(127, "") == ["could not be compared with the cluster: kubectl diff failed"])
        #expect(differences(124, "") == ["could not be compared with the cluster: kubectl diff took too long"])
    }

    @Test("are written and applied")
    func areApplied() async throws {
        let running = Told.list(Told.deployment(template: ""))
        let transport = ScriptedTransport { command in
            command.inputText.contains("get deployments") ? Output(answering: running) : Output("")
        }
        try await step.apply(to: Machine(host: Example.master, transport: transport))
        let commands = await transport.commands
        // Written and tried; then the gate looks what runs, and takes away what may have been left of it; then they are
        // applied.
        #expect(commands.count == 6)
        let apply =
            """
            kubectl --kubeconfig /etc/kubernetes/admin.conf --request-timeout=30s --namespace mlops apply -k \
            /var/lib/kubeforge/manifests/inference
            """
        #expect(commands[0].inputText == "a\n")
        #expect(commands[2].line == apply + " --dry-run=server")
        #expect(commands[5].line == apply)
        #expect(commands.filter { !$0.isAsRoot } == [])
    }

    @Test("that the API server would refuse leave everything as it is: no gate, nothing applied")
    func refused() async throws {
        let transport = ScriptedTransport { command in
            command.line.hasSuffix("--dry-run=server") ? .failed(1, "provided port is already allocated") : Output("")
        }
        let problem = await #expect(throws: Problem.self) {
            try await step.apply(to: Machine(host: Example.master, transport: transport))
        }
        #expect(problem?.why == "provided port is already allocated")
        #expect(await transport.commands.last?.line.hasSuffix("--dry-run=server") == true)
    }

    @Test(
        """
        leave a namespace without a label that somebody else made; one that is not there, or is kubeforge's, is as its \
        manifest says
        """,
        arguments: [("", true), ("mlops/kubeforge", true), ("mlops/", false), ("mlops/argocd", false)])
    func namespace(owner: String, isOurs: Bool) async throws {
        try await TemporaryDirectory.during { directory in
            try directory.write(
                "kubectl",
                """
                #!/bin/sh
                echo "$*" >>\(directory.path("calls"))
                case "$*" in *get\\ namespace*) printf %s '\(owner)';; *diff\\ -f*) echo 'diff -u -N \
                /a/v1.Namespace..mlops'; exit 1;; esac
                """, mode: 0o755)
            let path = "PATH=\(directory.path):$PATH; "
            let drift = try LocalProgram("sh", "-c", path + diff)
            #expect(drift.exitCode == (isOurs ? 1 : 0))
            let transport = ScriptedTransport { _ in Output("") }
            _ = try? await step.apply(to: Machine(host: Example.master, transport: transport))
            let script = try #require(await transport.commands.first { $0.line.contains("get namespace") }).words[2]
                .text
            let applied = try LocalProgram("sh", "-c", path + script)
            #expect(applied.exitCode == 0)
            #expect(applied.output.contains("somebody else") == !isOurs)
            let calls = try directory.text("calls").split(separator: "\n").map(String.init)
            #expect(calls.contains { $0.contains("apply -f") && $0.hasSuffix("namespace.yaml") } == isOurs)
        }
    }
}

@Suite("What others own in the cluster")
struct ForeignObjectsTests {
    @Test("is refused by name before anything is changed")
    func objects() throws {
        let step = ObjectsAreOurs.requirement(Example.cluster())
        #expect(
            step.differences(whenLookEnds: 0, "Deployment inference kubeforge\nService inference kubeforge\n") == [])
        #expect(
            step.differences(
                whenLookEnds: 0,
                "Deployment inference kubeforge\nService inference \nConfigMap inference-releases Helm\n")
                == [
                    "Service mlops.inference was not made by kubeforge",
                    "ConfigMap mlops.inference-releases was not made by kubeforge",
                ])
        #expect(step.differences(whenLookEnds: 1) == ["the cluster could not be queried for its objects"])
        let plan = try ServicePlan.make(
            cluster: Example.cluster(), context: Example.context(), templates: Templates(), by: "ann@desk")
        #expect(plan.stages[0].steps(for: "kubmaster").map(\.title).contains(step.title))
    }

    @Test("is a node port, with its owner's name; the service's own port is free for it")
    func nodePort() throws {
        let step = try #require(NodePortIsFree.requirement(ForgeInventory.Service(nodePort: 30080)))
        let others = "default.kubernetes \nshop.web 30081 30080\nmlops.eeg 30082\n"
        #expect(step.differences(whenLookEnds: 0, others) == ["port 30080 is Service shop.web's"])
        #expect(
            step.differences(whenLookEnds: 0, "default.kubernetes \nmlops.inference 30080\nshop.web 300800\n") == [])
        #expect(step.differences(whenLookEnds: 1) == ["the cluster could not be queried for its Services"])
        #expect(NodePortIsFree.requirement(ForgeInventory.Service())?.title == nil)
    }
}
