import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeTestSupport
import Foundation
import Testing

@testable import ForgeKubernetes

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
        #expect(
            try names { $0.runtime = .docker }.runtime == "containerd.io docker-ce docker-ce-cli docker-buildx-plugin")
        #expect(try names { $0.docker = .distribution } == ("containerd", "docker.io"))
    }

    @Test("of a machine are one list: a control plane builds images, and a worker does not")
    func ofHosts() {
        func names(_ host: ForgeCore.Host, _ runtime: Cluster.Runtime) -> String {
            let packages = DockerPackages(cluster: Example.cluster("1.36.2") { $0.runtime = runtime })
            return packages.names(for: host, Example.facts().distribution).joined(separator: " ")
        }
        let engine = "containerd.io docker-ce docker-ce-cli docker-buildx-plugin"
        #expect(names(Example.node, .containerd) == "containerd.io")
        #expect(names(Example.master, .containerd) == engine)
        #expect(names(Example.node, .docker) == engine)
        #expect(names(Example.master, .docker) == engine)
    }

    /// As their archives have them: nothing recommended is installed, and without buildx `docker build` takes a
    /// deprecated builder.
    @Test(
        "of a distribution bring BuildKit wherever it has one",
        arguments: [
            ("bookworm", "docker.io"), ("trixie", "docker.io docker-cli docker-buildx"),
            ("jammy", "docker.io docker-buildx"), ("noble", "docker.io docker-buildx"),
        ])
    func buildx(codename: String, expected: String) throws {
        let distribution = try #require(Distribution.all.first { $0.codename == codename })
        let facts = Example.facts { $0.distribution = distribution }
        let packages = DockerPackages(cluster: Example.cluster { $0.docker = .distribution })
        #expect(packages.engine(facts).names.joined(separator: " ") == expected)
        let docker = DockerPackages(
            cluster: Example.cluster {
                $0.runtime = .docker
                $0.docker = .distribution
            })
        #expect(docker.names(for: Example.node, distribution).joined(separator: " ") == "containerd " + expected)
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
            repository?.key
                == .url(
                    "https://download.docker.com/linux/ubuntu/gpg",
                    fingerprint: "9DC858229FC7DD38854AE2D88D81803C0EBFCD88")
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
                == .url(
                    "https://pkgs.k8s.io/core:/stable:/v1.31/deb/Release.key",
                    fingerprint: "DE15B14486CD377B9E876E1A234654DA9A296436"))
        let packages = try #require(steps[3] as? Packages)
        #expect(packages.names == ["kubelet", "kubeadm", "kubectl"])
        #expect(packages.version == "1.31.14-")
        #expect(packages.isHeld)
    }

    @Test("of a mirror are of the machine's own distribution, where the inventory leaves it open")
    func mirrorOfDistributions() throws {
        let facts = Example.facts { $0.distribution = Distribution(id: "ubuntu", version: "24.04", codename: "noble") }
        let key = Mirrors.Key.url(
            "https://mirror.example.org/gpg", fingerprint: "9DC858229FC7DD38854AE2D88D81803C0EBFCD88")
        let cluster = Example.cluster {
            $0.mirrors.docker = .init(url: "https://mirror.example.org/linux/<distribution>", key: key)
        }
        let repository = try DockerPackages(cluster: cluster).runtime(facts)[0] as? AptRepository
        #expect(repository?.source == "https://mirror.example.org/linux/ubuntu noble stable")
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
                    what: "the signing key \(path) of the docker mirror cannot be read",
                    why: "it is not an ASCII-armoured public key",
                    fix:
                        "correct mirrors: apt: docker: key: in the inventory (for the lab: `kubeforge lab up` makes it)"
                )
            ) {
                try Mirrors.Key.file(path: path).signingKey(for: "docker")
            }
        }
        let problem = #expect(throws: Problem.self) { try Mirrors.Key.file(path: "/nowhere").signingKey(for: "docker") }
        #expect(problem?.why == "there is no such file")
    }

    @Test("of a mirror whose key is a pipe are not waited for")
    func pipe() async throws {
        try await TemporaryDirectory.during { directory in
            let pipe = try directory.pipe("key")
            let problem = #expect(throws: Problem.self) { try Mirrors.Key.file(path: pipe).signingKey(for: "docker") }
            #expect(problem?.what == "the signing key \(pipe) of the docker mirror cannot be read")
            #expect(problem?.why == "it is a pipe or a socket, not a file")
        }
    }
}

/// A key file on the operator's machine, for as long as the body runs.
func withKey(_ text: String, _ body: (String) throws -> Void) throws {
    let path = NSTemporaryDirectory() + "kubeforge-key-\(UUID().uuidString).asc"
    try text.write(toFile: path, atomically: true, encoding: .utf8)
    defer { try? FileManager.default.removeItem(atPath: path) }
    try body(path)
}
