import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeTemplates
import ForgeTestSupport
import Foundation
import Testing
import Yams

@testable import ForgeService

@Suite("The cluster's registry")
struct RegistryStagesTests {
    private let registry = ClusterRegistry(address: Example.master.address)
    private let certificate = "/var/lib/kubeforge/registry/files/tls.crt"
    private let settings = "/var/lib/kubeforge/registry/files/config.yml"

    private func step(_ cluster: Cluster = Example.cluster()) throws -> RegistryIsConfigured {
        try RegistryIsConfigured(cluster, registry, templates: Templates())
    }

    /// What the step writes, on a host with this certificate.
    private func written(_ certificate: String, _ cluster: Cluster = Example.cluster()) async throws -> (
        settings: String, pod: String
    ) {
        let host = ScriptedTransport { command in
            guard command.inputText.contains("sha256sum") else { return Output("") }
            // One file of the three is there: the certificate.
            return Output(framed: " 2", " 2", "regular file|600|root:root|1|1700000000", "\(certificate)  x")
        }
        try await step(cluster).apply(to: Machine(host: Example.master, transport: host))
        let inputs = await host.commands.filter { !$0.inputText.contains("sha256sum") }.map(\.inputText)
        #expect(inputs.count == 2)
        return (inputs.first ?? "", inputs.last ?? "")
    }

    @Test("is a static pod of the first control plane, which no drain and no pressure takes away")
    func pod() async throws {
        let files = try await written(String(repeating: "a", count: 64))
        try Golden("registry/config.yml").expect(files.settings)
        try Golden("registry/pod.yaml").expect(files.pod)
        let pod = try #require(try Yams.compose(yaml: files.pod))
        #expect(pod["metadata"]?["namespace"]?.string == "kube-system")
        #expect(pod["spec"]?["priorityClassName"]?.string == "system-node-critical")
        #expect(pod["spec"]?["containers"]?[0]?["livenessProbe"]?["httpGet"]?["port"]?.int == 5443)
        #expect(try Yams.compose(yaml: files.settings)?["http"]?["addr"]?.string == "10.77.0.11:5443")
        // A cache of what it has would outlive the collection of its layers.
        #expect(try Yams.compose(yaml: files.settings)?["storage"]?["cache"] == nil)
    }

    @Test(
        """
        is another pod when its certificate is another one, and is written under a name that the kubelet ignores until \
        it is complete
        """
    )
    func newCertificate() async throws {
        let (one, other) = (
            try await written(String(repeating: "a", count: 64)), try await written(String(repeating: "b", count: 64))
        )
        #expect(one.settings == other.settings)
        #expect(one.pod != other.pod)
        try await TemporaryDirectory.during { directory in
            let host = ScriptedTransport {
                $0.inputText.contains("sha256sum") ? Output(framed: "", "", "", "") : Output("")
            }
            try await step().apply(to: Machine(host: Example.master, transport: host))
            let write = try #require(await host.commands.last)
            let path = directory.path("manifests/kubeforge-registry.yaml")
            // A reader of the directory sees the final name only, and it is complete.
            let script = write.words[2].text.replacing("mv -fT", with: "ls \"$directory\" >&2; mv -fT")
            let run = try LocalProgram("sh", "-c", script, "sh", path, input: Array(write.inputText.utf8))
            #expect(run.output == "", "\(run.output)")
            #expect(try directory.text("manifests/kubeforge-registry.yaml") == write.inputText)
            #expect(try directory.mode("manifests/kubeforge-registry.yaml") == 0o600)
        }
    }

    @Test("is so when both files are, and tells which is not")
    func differences() async throws {
        let files = try await written(String(repeating: "a", count: 64))
        func differences(_ pod: String, settings text: String? = nil) throws -> [String] {
            try step().differences(
                given: Answers([
                    .file(settings): .file(FileState(sha256: SHA256.hex(text ?? files.settings))),
                    .file(RegistryIsConfigured.manifest): .file(FileState(mode: 0o600, sha256: SHA256.hex(pod))),
                    .file(certificate): .file(FileState(sha256: String(repeating: "a", count: 64))),
                ])
            ).map(\.text)
        }
        #expect(try differences(files.pod) == [])
        #expect(try differences("another") == ["/etc/kubernetes/manifests/kubeforge-registry.yaml differs"])
        #expect(try differences(files.pod, settings: "x") == ["\(settings) differs"])
    }

    @Test(
        """
        is made of an image of Docker Hub, of its mirror where Docker cannot find that by itself, or of the one that \
        the inventory names
        """,
        arguments: [
            (Cluster.Runtime.containerd, Service(), "docker.io/library/registry:2.8.3"),
            (.docker, Service(), "docker.io/library/registry:2.8.3"),
            (.containerd, Service(registryImage: "ghcr.io/team/registry:3"), "ghcr.io/team/registry:3"),
            (.docker, Service(registryImage: "ghcr.io/team/registry:3"), "mirror.example:5000/team/registry:3"),
        ])
    func image(runtime: Cluster.Runtime, service: ForgeInventory.Service, expected: String) {
        let mirrors = Mirrors(registries: [
            "docker.io": "http://mirror.example:5000", "ghcr.io": "http://mirror.example:5000",
        ])
        #expect(
            RegistryImage(Example.cluster(runtime: runtime, mirrors: mirrors, service: service)).reference == expected)
    }

    @Test(
        "says why it does not answer",
        arguments: [
            ("200", []), ("401", ["it does not accept kubeforge's password"]), ("", ["it could not be queried"]),
            (
                "curl: (7) Failed to connect to 10.77.0.11 port 5443 after 0 ms: Couldn't connect to server\n000",
                [
                    """
                    it does not answer: curl: (7) Failed to connect to 10.77.0.11 port 5443 after 0 ms: Couldn't \
                    connect to server
                    """
                ]
            ),
        ])
    func answers(text: String, expected: [String]) {
        #expect(RegistryAnswers.step(registry, on: Example.master).differences(whenLookEnds: 0, text) == expected)
    }

    @Test("leaves its port to somebody else who has it, and says who")
    func port() async throws {
        let step = RegistryIsReached.isFree(registry)
        #expect(step.title == "port 5443 is free for the registry")
        try await TemporaryDirectory.during { directory in
            func said(_ process: ForgeTestSupport.LocalProgram.ProcessID, _ name: String) throws -> [String] {
                let line = #"LISTEN 0 128 10.77.0.11:5443 0.0.0.0:* users:(("\#(name)",pid=\#(process),fd=3))"#
                try directory.write("ss", "#!/bin/sh\necho '\(line)'\n", mode: 0o755)
                let run = try LocalProgram(
                    "sh", "-c", "PATH=\(directory.path):$PATH\n\(try #require(step.looks.first))")
                return step.differences(whenLookEnds: Int(run.exitCode), run.output.trimming(while: \.isNewline))
            }
            let file = try directory.write("kubeforge-registry", "")
            try await ForgeTestSupport.LocalProgram.running("sleep", ["60"]) { process in
                let taken = try said(process, "nginx")
                #expect(taken == ["5443/tcp is taken by nginx (process \(process))"])
            }
            try await ForgeTestSupport.LocalProgram.running("tail", ["-f", file]) { process in
                let own = try said(process, "registry")
                #expect(own == [])
            }
            try directory.write("ss", "#!/bin/sh\n", mode: 0o755)
            #expect(
                try LocalProgram("sh", "-c", "PATH=\(directory.path):$PATH\n\(try #require(step.looks.first))").output
                    == "")
        }
    }

    @Test("is reached by each node, or the node says which port to open")
    func reached() async throws {
        let step = RegistryIsReached.step(registry, from: Example.node)
        #expect(step.title == "kubnode reaches the registry at 10.77.0.11:5443")
        #expect(
            step.looks == [
                """
                curl -q -s -S -o /dev/null --cacert /etc/kubernetes/pki/ca.crt --noproxy '*' --max-time 10 \
                https://10.77.0.11:5443/v2/ 2>&1
                """
            ])
        #expect(step.differences(whenLookEnds: 0) == [])
        let said = "curl: (28) Connection timed out after 10001 milliseconds"
        #expect(step.differences(whenLookEnds: 28, said) == [said])
        #expect(step.differences(whenLookEnds: 28, "Warning: a\n\(said)\n") == [said])
        #expect(step.differences(whenLookEnds: 124) == ["no answer"])
        #expect(
            step.finding([Difference(said)], on: Example.node).fix
                == "open 5443/tcp of 10.77.0.11 to the nodes, in firewalls and security groups; then deploy again")
    }
}

extension Output {
    /// What a host prints when it is asked about files.
    fileprivate init(framed texts: String...) { self.init(texts.map { "0 \($0.utf8.count)\n\($0)\n" }.joined()) }
}
