import ForgeCore
import ForgePlan
import ForgeTestSupport
import Testing

@testable import ForgeService

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
            diff -u -N /tmp/LIVE-1/v1.ConfigMap.mlops.inference /tmp/MERGED-2/v1.ConfigMap.mlops.inference
            -  a: 1
            -  b: 2
            +  a: 3
            +  b: 4
            exit status 1
            """
        #expect(
            differences(1, text) == [
                "Deployment mlops.inference: -replicas: 3, +replicas: 2",
                """
                Service mlops.inference: +apiVersion: v1, +kind: Service, +metadata:, +name: inference, and 1 more lines
                """,
                "ConfigMap mlops.inference: -a: 1, -b: 2, +a: 3, +b: 4",
            ])
    }

    @Test("say why they cannot be compared")
    func sayWhyNot() {
        #expect(
            differences(1, "error: the server could not find the requested resource")
                == ["could not be compared with the cluster: error: the server could not find the requested resource"])
        #expect(
            differences(2, "W1121 a warning\nerror: no connection")
                == ["could not be compared with the cluster: error: no connection"])
        #expect(differences(127, "") == ["could not be compared with the cluster: kubectl diff failed"])
        #expect(differences(124, "") == ["could not be compared with the cluster: kubectl diff took too long"])
    }

    @Test(
        "are compared with the namespace and with all else, and what is worse counts",
        arguments: [(0, 0, 0), (0, 1, 1), (1, 0, 1), (1, 2, 2), (2, 1, 2)])
    func worse(namespace: Int, others: Int, exitCode: Int) async throws {
        try await TemporaryDirectory.during { directory in
            try directory.write(
                "kubectl",
                """
                #!/bin/sh
                case "$*" in *diff\\ -f*) exit \(namespace);; *diff\\ -k*) exit \(others);; esac
                """, mode: 0o755)
            let run = try LocalProgram("sh", "-c", "PATH=\(directory.path):$PATH; " + diff)
            #expect(Int(run.exitCode) == exitCode, "\(run.output)")
        }
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
