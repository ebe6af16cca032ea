import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeTestSupport
import Foundation
import Testing

@testable import ForgeKubernetes

@Suite("The control plane's images")
struct ControlPlaneImagesTests {
    private func step(_ change: (inout Cluster) -> Void = { _ in }) -> ControlPlaneImages {
        ControlPlaneImages(cluster: Example.cluster("1.20.2", change), configPath: "/c")
    }

    private func pulls(
        naming missing: String = "registry.k8s.io/etcd:3.4.13-0\nregistry.k8s.io/pause:3.2\n",
        _ change: (inout Cluster) -> Void = { _ in }
    ) async throws -> [String] {
        let (machine, transport) = Example.machine(Example.master) { command in
            Output(command.line.contains("images list") ? missing : "")
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

    @Test("are looked for on a control plane that does not run yet: a kubelet may have removed some since")
    func looked() async throws {
        try await PlayedMachine.during { played in
            func texts() async throws -> [String] {
                let answers = try await played.machine(Example.master).ask(step().questions)
                return step().differences(given: answers).map(\.text)
            }
            let missing = ["registry.k8s.io/pause:3.2 is missing"]
            try played.says("kubeadm", "registry.k8s.io/etcd:3.4.13-0\nregistry.k8s.io/pause:3.2")
            try played.says("ctr", "registry.k8s.io/etcd:3.4.13-0")
            #expect(try await texts() == missing)
            try played.write("etc/kubernetes/admin.conf")
            #expect(try await texts() == missing)
            try played.write("etc/kubernetes/manifests/kube-scheduler.yaml")
            #expect(try await texts() == [])
            try await LocalProgram.run("rm", [played.root.path("etc/kubernetes/admin.conf")])
            #expect(try await texts() == missing)
            for program in ["ctr", "kubeadm"] {
                try played.says(program, "", code: 1)
                #expect(try await texts() == ["the images cannot be listed yet"])
                try played.says(program, "")
            }
            #expect(try await texts() == [])
        }
    }

    @Test("are not pulled where none is missing")
    func noneMissing() async throws {
        #expect(try await pulls(naming: "") == [])
    }

    /// With `ctr`, since no package of Kubernetes or containerd brings crictl; with the mirrors, in the kubelet's
    /// namespace.
    @Test("are pulled by containerd's own program, each once, at most three at once", arguments: ["dash", "bash"])
    func containerd(shell: String) async throws {
        try await TemporaryDirectory.during { directory in
            try directory.write(
                "kubeadm", "#!/bin/sh\nprintf '%s\\n' registry.k8s.io/etcd:3.4.13-0 registry.k8s.io/pause:3.2\n",
                mode: 0o755)
            try directory.write("crictl", "#!/bin/sh\necho crictl is not there >&2; exit 127\n", mode: 0o755)
            let ctr = "#!/bin/sh\ncase $* in *' ls '*) ;; *) echo \"$*\" >>\(directory.path)/pulls; echo 99 %;; esac\n"
            try directory.write("ctr", ctr, mode: 0o755)
            let machine = Machine(
                host: Example.master, transport: LocalTransport(shell: shell, programs: directory.path))
            try await step().apply(to: machine)
            let pull = "-n k8s.io images pull --hosts-dir /etc/containerd/certs.d registry.k8s.io"
            let pulls = try String(contentsOfFile: directory.path + "/pulls", encoding: .utf8).split(separator: "\n")
                .sorted()
            #expect(pulls == ["\(pull)/etcd:3.4.13-0", "\(pull)/pause:3.2"])
        }
    }

    @Test("that containerd cannot pull are told in its own words", arguments: ["dash", "bash"])
    func containerdRefuses(shell: String) async throws {
        try await TemporaryDirectory.during { directory in
            try directory.write("kubeadm", "#!/bin/sh\necho registry.k8s.io/pause:3.2\n", mode: 0o755)
            let ctr =
                "#!/bin/sh\ncase $* in *' ls '*) ;; *) echo 'ctr: failed to resolve reference' >&2; exit 1;; esac\n"
            try directory.write("ctr", ctr, mode: 0o755)
            let machine = Machine(
                host: Example.master, transport: LocalTransport(shell: shell, programs: directory.path))
            let problem = await #expect(throws: Problem.self) { try await step().apply(to: machine) }
            #expect(problem?.why == "ctr: failed to resolve reference")
        }
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
                == """
                sh -c 'docker pull -- \"$1\" && docker tag -- \"$1\" \"$2\"' sh 10.77.0.1:5000/etcd:3.4.13-0 \
                registry.k8s.io/etcd:3.4.13-0
                """
        )
    }

    @Test("that a registry refuses name the mirror as a way out")
    func refused() async {
        let (machine, _) = Example.machine(Example.master) { command in
            command.line.contains("images list")
                ? Output("registry.k8s.io/pause:3.2\n")
                : .failed(1, "toomanyrequests: You have reached your pull rate limit")
        }
        let problem = await #expect(throws: Problem.self) { try await step().apply(to: machine) }
        #expect(problem?.why == "toomanyrequests: You have reached your pull rate limit")
        #expect(
            problem?.fix
                == """
                the registry may limit or refuse kubmaster: name a mirror in the inventory (mirrors: registries:), \
                and run again
                """
        )
    }
}

@Suite("Images that every node runs")
struct PrepulledImagesTests {
    private let step = PrepulledImages(cluster: Example.cluster(), images: ["ghcr.io/flannel-io/flannel:v1"])
    private let kubeadm = "registry.k8s.io/pause:3.2\nregistry.k8s.io/etcd:3.4.13-0"

    private func texts(here: String, kubelet: FileState?, kubeadm: String? = nil) -> [String] {
        let answers = [here, kubeadm ?? self.kubeadm].map { Answer.command(CommandState(text: $0)) }
        return step.texts([
            step.questions[0]: answers[0], step.questions[1]: answers[1], step.questions[2]: .file(kubelet),
        ])
    }

    @Test("are here before the machine joins")
    func before() {
        #expect(texts(here: "registry.k8s.io/pause:3.2\nghcr.io/flannel-io/flannel:v1", kubelet: nil) == [])
        #expect(texts(here: "registry.k8s.io/pause:3.2", kubelet: nil) == ["ghcr.io/flannel-io/flannel:v1 is missing"])
    }

    @Test("are those that kubeadm names, which must be there to ask")
    func notInstalled() {
        #expect(texts(here: "", kubelet: nil, kubeadm: "") == ["they are not known before kubeadm is installed"])
    }

    @Test("are a node's own affair: its kubelet pulls them, and may remove them")
    func after() { #expect(texts(here: "", kubelet: FileState()) == []) }

    @Test("are pulled by containerd's own program, and one that cannot be had is named")
    func apply() async throws {
        let looks = String(repeating: frame(""), count: 4) + frame("") + frame(kubeadm)
        let (machine, transport) = Example.machine(answering: looks) { command in
            command.line.contains("flannel") ? .failed(1, "not found") : Output()
        }
        let problem = await #expect(throws: Problem.self) { try await step.apply(to: machine) }
        #expect(problem?.why == "not found")
        #expect(
            problem?.fix == "does the registry have it, or its mirror? Correct mirrors: registries: in the inventory")
        #expect(
            await transport.changes.map { $0.split(separator: " ").suffix(3).joined(separator: " ") }
                == ["sh registry.k8s.io/pause:3.2 ghcr.io/flannel-io/flannel:v1"])
    }
}

@Suite("Images that every node runs, with Docker")
struct DockerNodeImagesTests {
    private let step = PrepulledImages(
        cluster: Example.cluster { cluster in
            cluster.runtime = .docker
            cluster.mirrors.registries = ["registry.k8s.io": "http://10.77.0.1:5000"]
        }, images: ["docker.io/library/x:1"])

    private func texts(here: String, dns: String) -> [String] {
        let kubeadm = "registry.k8s.io/pause:3.2\n" + dns
        return step.texts([
            step.questions[0]: .command(CommandState(text: here)),
            step.questions[1]: .command(CommandState(text: kubeadm)),
        ])
    }

    @Test("are here when none of them is missing, CoreDNS included, which may run anywhere")
    func differences() {
        #expect(texts(here: "registry.k8s.io/pause:3.2\nx:1", dns: "") == [])
        #expect(
            texts(
                here: "registry.k8s.io/pause:3.2\nregistry.k8s.io/coredns:1.7.0", dns: "registry.k8s.io/coredns:1.7.0")
                == [])
        #expect(
            texts(here: "", dns: "registry.k8s.io/coredns:1.7.0") == [
                "registry.k8s.io/pause:3.2 is missing", "registry.k8s.io/coredns:1.7.0 is missing",
            ])
    }

    @Test("are pulled from a mirror that Docker Engine does not know, and no others")
    func apply() async throws {
        let (machine, transport) = Example.machine(
            answering: frame("x:1") + frame("registry.k8s.io/pause:3.2\nregistry.k8s.io/coredns:1.7.0"))
        try await step.apply(to: machine)
        #expect(
            await transport.changes.map { $0.split(separator: " ").suffix(2).joined(separator: " ") } == [
                "10.77.0.1:5000/pause:3.2 registry.k8s.io/pause:3.2",
                "10.77.0.1:5000/coredns:1.7.0 registry.k8s.io/coredns:1.7.0",
            ])
    }
}
