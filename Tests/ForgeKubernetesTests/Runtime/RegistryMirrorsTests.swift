import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeTestSupport
import Testing

@testable import ForgeKubernetes

@Suite("Mirrors of registries")
struct RegistryMirrorsTests {
    private let mirrors = RegistryMirrors(
        cluster: Example.cluster { cluster in
            cluster.mirrors = Mirrors(registries: [
                "docker.io": "http://10.77.0.1:5000", "registry.k8s.io": "https://mirror.example/k8s",
            ])
            cluster.service.registry = "10.77.0.1:5000/images"
        })

    @Test("become a hosts.toml each, the upstream last")
    func containerd() {
        let files = mirrors.containerdFiles()
        #expect(
            files.map(\.file.path)
                == ["docker.io", "registry.k8s.io", "10.77.0.1:5000"].map { "/etc/containerd/certs.d/\($0)/hosts.toml" }
        )
        #expect(
            files.map(\.title) == [
                "docker.io is pulled from http://10.77.0.1:5000",
                "registry.k8s.io is pulled from https://mirror.example/k8s",
                "10.77.0.1:5000 is accessed over plain HTTP",
            ])
        #expect(
            String(decoding: files[0].file.content, as: UTF8.self) == """
                # Written by kubeforge.
                server = "https://registry-1.docker.io"

                [host."http://10.77.0.1:5000"]
                  capabilities = ["pull", "resolve"]

                """)
        #expect(
            String(decoding: files[2].file.content, as: UTF8.self).contains(
                "capabilities = [\"pull\", \"resolve\", \"push\"]"))
    }

    @Test("that are not named leave the runtimes as they are")
    func none() {
        #expect(RegistryMirrors(cluster: Example.cluster()).containerdFiles().isEmpty)
        #expect(DockerDaemon(cluster: Example.cluster()).merged(into: JSONMembers())["registry-mirrors"] == nil)
    }

    @Test("give Docker Engine another name to pull by where it knows no mirrors")
    func dockerMirror() {
        let mirrors = Mirrors(registries: [
            "registry.k8s.io": "http://10.77.0.1:5000/", "ghcr.io": "https://mirror.example",
        ])
        #expect(
            DockerMirror.source(of: "registry.k8s.io/coredns/coredns:v1.8", mirrors)?.reference
                == "10.77.0.1:5000/coredns/coredns:v1.8")
        #expect(DockerMirror.source(of: "ghcr.io/flannel-io/flannel:v0.28.9", mirrors)?.host == "mirror.example")
        #expect(DockerMirror.source(of: "docker.io/library/python:3", mirrors) == nil)
        #expect(DockerMirror.source(of: "python", mirrors) == nil)
    }
}
