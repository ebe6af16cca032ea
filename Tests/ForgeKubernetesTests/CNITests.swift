import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeTestSupport
import Foundation
import Testing
import Yams

@testable import ForgeKubernetes

@Suite("flannel's manifest")
struct FlannelTests {
    private struct Container: Sendable {
        let arguments: [String]
        let probes: [String: String]
        let environment: [String: String]
    }

    /// The one that runs flanneld, as a kubelet reads it.
    private static func container() throws -> Container {
        let file = try #require(Example.cni(Example.cluster()).steps.first as? FileIs).file
        let objects = try Yams.load_all(yaml: String(decoding: file.content, as: UTF8.self)).compactMap {
            $0 as? [String: Any]
        }
        let daemon = try #require(objects.first { $0["kind"] as? String == "DaemonSet" })
        let template = (daemon["spec"] as? [String: Any])?["template"] as? [String: Any]
        let containers = (template?["spec"] as? [String: Any])?["containers"] as? [[String: Any]]
        let container = try #require(containers?.first)
        func probe(_ name: String) -> String? {
            let get = (container[name] as? [String: Any])?["httpGet"] as? [String: Any]
            return get.map { "\($0["host"] ?? "") \($0["port"] ?? "") \($0["path"] ?? "")" }
        }
        let probes = ["livenessProbe", "readinessProbe"].compactMap { name in probe(name).map { (name, $0) } }
        let variables = (container["env"] as? [[String: Any]] ?? []).compactMap { variable in
            (variable["value"] as? String).map { (variable["name"] as? String ?? "", $0) }
        }
        return Container(
            arguments: container["args"] as? [String] ?? [],
            probes: Dictionary(probes) { first, _ in first }, environment: Dictionary(variables) { first, _ in first })
    }

    /// A kubelet that asks elsewhere restarts a flannel that works, for ever.
    @Test("has probes that ask where flanneld answers: on this machine alone")
    func probes() throws {
        let container = try Self.container()
        func value(_ flag: String) -> String? {
            container.arguments.first { $0.hasPrefix(flag + "=") }.map { String($0.dropFirst(flag.count + 1)) }
        }
        let address = try #require(value("--healthz-ip"))
        let port = try #require(value("--healthz-port"))
        #expect(address == "127.0.0.1")
        #expect(
            container.probes == [
                "livenessProbe": "\(address) \(port) /healthz", "readinessProbe": "\(address) \(port) /readyz",
            ])
    }

    @Test("lets no flanneld go on that does not know the nodes yet")
    func cache() throws {
        #expect(try Self.container().environment["CONT_WHEN_CACHE_NOT_READY"] == "false")
    }
}

@Suite("Calico")
struct CalicoTests {
    private let cluster = Example.cluster("1.36.2") {
        $0.cni = .calico
        $0.podNetwork = IPv4Network("172.30.0.0/16")!
    }

    @Test(
        "is its own manifest, changed to VXLAN with the cluster's pod network by kustomize, and applied by the server")
    func steps() async throws {
        let steps = Example.cni(cluster).steps
        let manifest = try #require(steps[0] as? Download)
        #expect(manifest.path == "/var/lib/kubeforge/calico/calico.yaml")
        #expect(manifest.url.contains("/v\(CNI.calicoVersion)/") && manifest.sha256.count == 64)
        let settings = try #require(steps[1] as? FileIs).file
        #expect(settings.path == "/var/lib/kubeforge/calico/kustomization.yaml")
        let text = String(decoding: settings.content, as: UTF8.self)
        #expect(text == Golden.text("calico-kustomization.yaml", insteadOf: text))
        let (machine, transport) = Example.machine(Example.master)
        try await steps[2].apply(to: machine)
        #expect(
            await transport.changes == [
                """
                kubectl --kubeconfig /etc/kubernetes/admin.conf apply --server-side --force-conflicts -k \
                /var/lib/kubeforge/calico
                """
            ])
        #expect(
            steps[2].questions == [
                .command(
                    "[ -e /var/lib/kubeforge/calico ] && "
                        + HostKubectl.asAdmin(
                            "diff --server-side --force-conflicts -k /var/lib/kubeforge/calico >/dev/null"))
            ])
    }

    @Test("is told from flannel everywhere: its pods, its device, its port, its file, and no bridge")
    func habits() throws {
        let plan = try Example.plan(cluster)
        #expect(!plan.stages.flatMap(\.work).flatMap(\.steps).contains { $0.title.contains("the bridge of") })
        let questions = plan.questions(for: "kubmaster").compactMap {
            if case .command(let line) = $0 { line } else { nil }
        }
        #expect(questions.contains { $0.contains("bridge fdb show dev vxlan.calico") })
        #expect(!questions.contains { $0.contains("flannel") })
        let pods = SystemPods.step(for: Example.cni(cluster))
        func line(_ name: String, _ kind: String, _ owner: String) -> String {
            "\(name)|kubmaster|Pending||ContainerCreating|\(kind)|\(owner)"
        }
        let late = [
            line("calico-node-abcde", "DaemonSet", "calico-node"),
            line("calico-kube-controllers-1-2", "ReplicaSet", "calico-kube-controllers-1"),
            line("kube-flannel-ds-abcde", "DaemonSet", "kube-flannel-ds"),
        ]
        let found = pods.texts([
            pods.questions[0]: .command(CommandState(text: late.joined(separator: "\n"))),
            pods.questions[1]: .command(CommandState(text: "kubmaster=True=")),
        ])
        #expect(
            found == [
                "calico-node-abcde: ContainerCreating", "calico-kube-controllers-1-2: ContainerCreating",
            ])
        let network = PodNetwork.step(from: Example.master, to: [Example.node], Example.cni(cluster))
        let fix = try #require(network as? WaitUntil).fix
        #expect(fix.hasPrefix("open 4789/udp between the machines"))
        #expect(fix.contains("kubectl -n kube-system rollout restart daemonset calico-node"))
    }
}

@Suite("A download")
struct DownloadTests {
    private func run(_ directory: TemporaryDirectory, serving text: String) async throws -> (Output, Bool) {
        try directory.write(
            "bin/curl", "#!/bin/sh\nwhile [ \"$1\" != -o ]; do shift; done; printf '%s\\n' '\(text)' >\"$2\"\n",
            mode: 0o755)
        let sum = try await LocalProgram.run("sh", ["-c", "printf 'right\\n' | sha256sum | cut -d ' ' -f 1"])
            .trimming(while: \.isNewline)
        let step = Download(
            "it is there", url: "https://example.org/file", sha256: sum, path: directory.path("a/b/file"), proxy: nil)
        let transport = ScriptedTransport { _ in Output("") }
        _ = try? await step.apply(to: Machine(host: Example.master, transport: transport))
        let command = try #require(await transport.commands.first)
        let words = ["PATH=\(directory.path("bin")):/usr/bin:/bin"] + command.words.map(\.text)
        let isRight: Bool
        do {
            try await LocalProgram.run("env", words)
            isRight = true
        } catch {
            isRight = false
        }
        let look = try #require(step.questions.first.flatMap { if case .command(let line) = $0 { line } else { nil } })
        let said = (try? await LocalProgram.run("sh", ["-c", look])) ?? ""
        #expect(step.texts(command: said.trimming(while: \.isNewline)).isEmpty == (text == "right"))
        return (Output(said), isRight)
    }

    @Test("is believed by its sha256 alone, and nothing else of it is left")
    func download() async throws {
        try await TemporaryDirectory.during { directory in
            let wrong = try await run(directory, serving: "wrong")
            #expect(!wrong.1)
            #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path("a/b")) == [])
            let right = try await run(directory, serving: "right")
            #expect(right.1)
            #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path("a/b")) == ["file"])
            #expect(try directory.text("a/b/file") == "right\n")
        }
    }
}
