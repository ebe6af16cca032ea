import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeTestSupport
import Testing

@testable import ForgeKubernetes

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
