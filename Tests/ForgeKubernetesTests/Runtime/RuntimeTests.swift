import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeTestSupport
import Testing

@testable import ForgeKubernetes

@Suite("The runtime's socket")
struct RuntimeSocketTests {
    @Test(
        "is the one that the release's kubelet takes",
        arguments: [
            ("1.20.2", Cluster.Runtime.containerd, "/run/containerd/containerd.sock"),
            ("1.23.17", .containerd, "/run/containerd/containerd.sock"),
            ("1.24.17", .containerd, "unix:///run/containerd/containerd.sock"), ("1.20.2", .docker, "/var/run/dockershim.sock"),
            ("1.24.0", .docker, "unix:///var/run/cri-dockerd.sock"), ("1.37.0", .docker, "unix:///var/run/cri-dockerd.sock"),
        ])
    func path(version: String, runtime: Cluster.Runtime, expected: String) {
        #expect(RuntimeSocket.path(for: Example.cluster(version) { $0.runtime = runtime }) == expected)
    }
}

@Suite("The sandbox image")
struct PauseImageTests {
    @Test(
        "is the one that the release's kubeadm names",
        arguments: [
            ("1.19.16", "3.2"), ("1.20.2", "3.2"), ("1.21.14", "3.4.1"), ("1.22.17", "3.5"), ("1.23.17", "3.6"), ("1.24.17", "3.7"),
            ("1.25.16", "3.8"),
            ("1.26.15", "3.9"), ("1.30.14", "3.9"), ("1.31.14", "3.10"), ("1.33.1", "3.10"), ("1.34.0", "3.10.1"), ("1.37.0", "3.10.1"),
        ])
    func tag(version: String, tag: String) {
        #expect(PauseImage.reference(for: Example.cluster(version)) == "registry.k8s.io/pause:\(tag)")
    }

    @Test("comes from the inventory's repository")
    func repository() {
        #expect(PauseImage.reference(for: Example.cluster { $0.imageRepository = "mirror.example/k8s" }) == "mirror.example/k8s/pause:3.2")
    }
}

@Suite("containerd's configuration")
struct ContainerdConfigTests {
    private func step(_ docker: Cluster.DockerSource = .docker) throws -> ContainerdConfig {
        try ContainerdConfig(cluster: Example.cluster("1.36.2") { $0.docker = docker }, templates: Example.templates)
    }

    /// The file that is written where this package is installed.
    private func written(_ version: String, docker: Cluster.DockerSource = .docker) async throws -> String {
        let name = docker == .docker ? "containerd.io" : "containerd"
        let look = frame("") + frame("") + frame("") + frame("") + frame("\(name)|ii |\(version)")
        let (machine, transport) = Example.machine(answering: look)
        try await step(docker).apply(to: machine)
        return try #require(await transport.commands.last).inputText
    }

    @Test(
        "is of the version that the installed containerd reads",
        arguments: [("1.6.20~ds1-1+deb12u1", 2), ("1.7.24-1", 2), ("2.0.0-1", 3), ("2.2.1-1~debian.12~bookworm", 3)])
    func version(installed: String, expected: Int) async throws {
        let text = try await written(installed)
        #expect(text.contains("\nversion = \(expected)\n"))
        #expect(text.contains("SystemdCgroup = true"))
        #expect(text.contains("\"registry.k8s.io/pause:3.10.1\""))
        #expect(text.contains("config_path = \"/etc/containerd/certs.d\""))
        #expect(!text.contains("disabled_plugins"))
    }

    @Test("of the distribution's package is chosen by that package")
    func distribution() async throws {
        #expect(try await written("2.1.0-1", docker: .distribution).contains("\nversion = 3\n"))
    }

    @Test("differs from the one that Docker's package ships with CRI disabled")
    func shipped() throws {
        let answers: [Question: Answer] = [
            .package("containerd.io"): .package(PackageState(installed: "1.7.24-1")),
            .file("/etc/containerd/config.toml"): .file(FileState(sha256: SHA256.hex("disabled_plugins = [\"cri\"]\n"))),
        ]
        #expect(try step().texts(answers) == ["/etc/containerd/config.toml has other content"])
    }
}

@Suite("Mirrors of registries")
struct RegistryMirrorsTests {
    private let mirrors = RegistryMirrors(
        cluster: Example.cluster { cluster in
            cluster.mirrors = Mirrors(registries: ["docker.io": "http://10.77.0.1:5000", "registry.k8s.io": "https://mirror.example/k8s"])
            cluster.service.registry = "10.77.0.1:5000/images"
        })

    @Test("become a hosts.toml each, the upstream last")
    func containerd() {
        let files = mirrors.containerdFiles()
        #expect(
            files.map(\.file.path) == ["docker.io", "registry.k8s.io", "10.77.0.1:5000"].map { "/etc/containerd/certs.d/\($0)/hosts.toml" })
        #expect(
            files.map(\.title) == [
                "docker.io is pulled from http://10.77.0.1:5000", "registry.k8s.io is pulled from https://mirror.example/k8s",
                "10.77.0.1:5000 is spoken to over plain HTTP",
            ])
        #expect(
            String(decoding: files[0].file.content, as: UTF8.self) == """
                # Written by kubeforge.
                server = "https://registry-1.docker.io"

                [host."http://10.77.0.1:5000"]
                  capabilities = ["pull", "resolve"]

                """)
        #expect(String(decoding: files[2].file.content, as: UTF8.self).contains("capabilities = [\"pull\", \"resolve\", \"push\"]"))
    }

    @Test("become Docker Engine's settings: docker.io is mirrored, plain HTTP is allowed where it is spoken")
    func docker() throws {
        let file = try mirrors.dockerDaemonFile()
        #expect(file.path == "/etc/docker/daemon.json")
        #expect(
            String(decoding: file.content, as: UTF8.self) == """
                {
                  "exec-opts" : [
                    "native.cgroupdriver=systemd"
                  ],
                  "insecure-registries" : [
                    "10.77.0.1:5000"
                  ],
                  "log-driver" : "json-file",
                  "log-opts" : {
                    "max-file" : "3",
                    "max-size" : "50m"
                  },
                  "registry-mirrors" : [
                    "http://10.77.0.1:5000"
                  ]
                }

                """)
    }

    @Test("that are not named leave the runtimes as they are")
    func none() throws {
        let plain = RegistryMirrors(cluster: Example.cluster())
        #expect(plain.containerdFiles().isEmpty)
        #expect(String(decoding: try plain.dockerDaemonFile().content, as: UTF8.self).contains("mirrors") == false)
    }

    @Test("give Docker Engine another name to pull by where it knows no mirrors")
    func dockerMirror() {
        let mirrors = Mirrors(registries: ["registry.k8s.io": "http://10.77.0.1:5000/", "ghcr.io": "https://mirror.example"])
        #expect(
            DockerMirror.source(of: "registry.k8s.io/coredns/coredns:v1.8", mirrors)?.reference == "10.77.0.1:5000/coredns/coredns:v1.8")
        #expect(DockerMirror.source(of: "ghcr.io/flannel-io/flannel:v0.28.9", mirrors)?.host == "mirror.example")
        #expect(DockerMirror.source(of: "docker.io/library/python:3", mirrors) == nil)
        #expect(DockerMirror.source(of: "python", mirrors) == nil)
    }
}

@Suite("The runtime's packages")
struct DockerPackagesTests {
    private func names(_ change: (inout Cluster) -> Void) throws -> (runtime: String?, engine: String) {
        let packages = DockerPackages(cluster: Example.cluster("1.36.2", change))
        let runtime = try packages.runtime(Example.facts()).compactMap { $0 as? Packages }.first
        return (runtime?.names.joined(separator: " "), packages.engine(Example.facts()).names.joined(separator: " "))
    }

    @Test("bring containerd to all, Docker Engine to those that build, and to all where it is the runtime")
    func names() throws {
        #expect(try names { _ in } == ("containerd.io", "docker-ce docker-ce-cli docker-buildx-plugin"))
        #expect(try names { $0.runtime = .docker }.runtime == "containerd.io docker-ce docker-ce-cli docker-buildx-plugin")
        #expect(try names { $0.docker = .distribution } == ("containerd", "docker.io"))
    }

    @Test("of Debian 13 have Docker's program apart")
    func trixie() throws {
        let facts = Example.facts { $0.distribution = Distribution(id: "debian", version: "13", codename: "trixie") }
        #expect(DockerPackages(cluster: Example.cluster { $0.docker = .distribution }).engine(facts).names == ["docker.io", "docker-cli"])
    }

    @Test("come from Docker, for the machine's distribution, signed with Docker's key")
    func repository() throws {
        let facts = Example.facts {
            $0.distribution = Distribution(id: "ubuntu", version: "24.04", codename: "noble")
            $0.architecture = "arm64"
        }
        let repository = try DockerPackages(cluster: Example.cluster()).runtime(facts)[0] as? AptRepository
        #expect(repository?.source == "https://download.docker.com/linux/ubuntu noble stable")
        #expect(
            repository?.key == .url("https://download.docker.com/linux/ubuntu/gpg", fingerprint: "9DC858229FC7DD38854AE2D88D81803C0EBFCD88")
        )
        #expect(repository?.architecture == "arm64")
    }

    @Test("of Kubernetes come from the repository of the minor release, at the exact version, held")
    func kubernetes() throws {
        let steps = try KubernetesPackages(cluster: Example.cluster("1.31.14")).steps(Example.facts())
        let repository = try #require(steps[1] as? AptRepository)
        #expect(repository.source == "https://pkgs.k8s.io/core:/stable:/v1.31/deb/ /")
        #expect(
            repository.key
                == .url("https://pkgs.k8s.io/core:/stable:/v1.31/deb/Release.key", fingerprint: "DE15B14486CD377B9E876E1A234654DA9A296436"))
        let packages = try #require(steps[2] as? Packages)
        #expect(packages.names == ["kubelet", "kubeadm", "kubectl"])
        #expect(packages.version == "1.31.14-")
        #expect(packages.isHeld)
    }

    @Test("of a mirror are signed with the key that the operator has")
    func mirrorKey() throws {
        try withKey(Example.key) { path in
            let cluster = Example.cluster {
                $0.mirrors.kubernetes = .init(url: "http://10.77.0.1:8000/core:/stable:", key: .file(path: path))
            }
            let repository = try KubernetesPackages(cluster: cluster).steps(Example.facts())[1] as? AptRepository
            #expect(repository?.source == "http://10.77.0.1:8000/core:/stable:/v1.20/deb/ /")
            #expect(repository?.key == .text(Example.key))
        }
    }

    @Test("of a mirror whose key is no key are not trusted")
    func noKey() throws {
        try withKey("hello") { path in
            #expect(
                throws: Problem(
                    what: "the signing key \(path) of the docker mirror cannot be read", why: "it is not an ASCII-armoured public key",
                    fix: "correct mirrors: apt: docker: key: in the inventory (for the lab: `kubeforge lab up` makes it)")
            ) {
                try Mirrors.Key.file(path: path).signingKey(for: "docker")
            }
        }
        let problem = #expect(throws: Problem.self) { try Mirrors.Key.file(path: "/nowhere").signingKey(for: "docker") }
        #expect(problem?.why == "there is no such file")
    }
}

@Suite("cri-dockerd")
struct CRIDockerdTests {
    @Test("is what Docker Engine needs from Kubernetes 1.24 on, and not before")
    func needed() throws {
        for (version, expected) in [("1.23.17", false), ("1.24.17", true)] {
            let cluster = Example.cluster(version) { $0.runtime = .docker }
            let titles = try ContainerRuntime(cluster: cluster, templates: Example.templates).steps(Example.facts()).map(
                \.title)
            #expect(titles.contains("cri-dockerd runs") == expected)
        }
    }

    @Test("that is not there is told as none")
    func missing() throws {
        let step = try CRIDockerd(cluster: Example.cluster("1.36.2"), templates: Example.templates).steps()[0]
        #expect(step.texts(command: "", exitCode: 1) == ["cri-dockerd: none → 0.3.16"])
        #expect(step.texts(command: "0.3.15") == ["cri-dockerd: 0.3.15 → 0.3.16"])
        #expect(step.texts(command: "0.3.16") == [])
    }
}
