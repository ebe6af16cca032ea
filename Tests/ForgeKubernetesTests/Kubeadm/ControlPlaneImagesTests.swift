import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeTestSupport
import Testing

@testable import ForgeKubernetes

@Suite("The control plane's images")
struct ControlPlaneImagesTests {
    private func step(_ change: (inout Cluster) -> Void = { _ in }) -> ControlPlaneImages {
        ControlPlaneImages(cluster: Example.cluster("1.20.2", change), configPath: "/c")
    }

    private func pulls(_ change: (inout Cluster) -> Void = { _ in }) async throws -> [String] {
        let (machine, transport) = Example.machine(Example.master) { command in
            Output(command.line.contains("images list") ? "registry.k8s.io/etcd:3.4.13-0\nregistry.k8s.io/pause:3.2\n" : "")
        }
        try await step(change).apply(to: machine)
        return Array(await transport.changes.dropFirst())
    }

    @Test("are here when none is missing")
    func differences() {
        #expect(step().texts(command: "") == [])
        #expect(step().texts(command: "registry.k8s.io/etcd:3.4.13-0") == ["registry.k8s.io/etcd:3.4.13-0 is missing"])
        #expect(step().texts(command: "", exitCode: 1) == ["the images cannot be listed yet"])
    }

    @Test("are pulled through CRI, as the kubelet does it, three at once")
    func containerd() async throws {
        let pull = "crictl --runtime-endpoint unix:///run/containerd/containerd.sock pull"
        let line =
            #"sh -c 'printf '\''%s\n'\'' "$@" | xargs -n 1 -P 3 \#(pull)' sh registry.k8s.io/etcd:3.4.13-0 registry.k8s.io/pause:3.2"#
        #expect(try await pulls() == [line])
    }

    @Test("are pulled by Docker, from a mirror by the mirror's name")
    func docker() async throws {
        #expect(
            try await pulls { $0.runtime = .docker } == [
                "docker pull registry.k8s.io/etcd:3.4.13-0", "docker pull registry.k8s.io/pause:3.2",
            ])
        let mirrored = try await pulls {
            $0.runtime = .docker
            $0.mirrors.registries = ["registry.k8s.io": "http://10.77.0.1:5000"]
        }
        #expect(
            mirrored[0]
                == "sh -c 'docker pull -- \"$1\" && docker tag -- \"$1\" \"$2\"' sh 10.77.0.1:5000/etcd:3.4.13-0 registry.k8s.io/etcd:3.4.13-0"
        )
    }

    @Test("that a registry refuses name the mirror as a way out")
    func refused() async {
        let (machine, _) = Example.machine(Example.master) { command in
            command.line.contains("images list")
                ? Output("registry.k8s.io/pause:3.2\n") : .failed(1, "toomanyrequests: You have reached your pull rate limit")
        }
        let problem = await #expect(throws: Problem.self) { try await step().apply(to: machine) }
        #expect(problem?.why == "toomanyrequests: You have reached your pull rate limit")
        #expect(
            problem?.fix
                == "the registry may limit or refuse kubmaster: name a mirror in the inventory (mirrors: registries:), and run again")
    }
}
