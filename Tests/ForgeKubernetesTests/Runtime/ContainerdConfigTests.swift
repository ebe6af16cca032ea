import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeTemplates
import ForgeTestSupport
import Testing

@testable import ForgeKubernetes

@Suite("containerd's configuration")
struct ContainerdConfigTests {
    private func step(_ docker: Cluster.DockerSource = .docker) throws -> ContainerdConfig {
        try ContainerdConfig(
            cluster: Example.cluster("1.36.2") { $0.docker = docker }, templates: Example.templates, packages: .apt)
    }

    private let kubeadm = "registry.k8s.io/coredns/coredns:v1.14.2\nregistry.k8s.io/pause:3.10.2\n"

    /// The file that is written where this package is installed.
    private func written(_ version: String, docker: Cluster.DockerSource = .docker) async throws -> String {
        let name = docker == .docker ? "containerd.io" : "containerd"
        let look =
            String(repeating: frame(""), count: 4) + frame("\(name)|ii |\(version)") + frame("", code: 1)
            + frame(kubeadm)
            + frame("", code: 1)
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
        #expect(text.contains("\"registry.k8s.io/pause:3.10.2\""))
        #expect(text.contains("\nimports = [\"/etc/containerd/conf.d/*.toml\"]\n\n["), "above all tables")
        #expect(
            text.contains("bin_dir") == (expected == 2), "2.1 calls it deprecated, and has the same path without it")
        #expect(text.contains("config_path = \"/etc/containerd/certs.d\""))
        #expect(!text.contains("disabled_plugins"))
    }

    @Test("of the distribution's package is chosen by that package")
    func distribution() async throws {
        #expect(try await written("2.1.0-1", docker: .distribution).contains("\nversion = 3\n"))
    }

    private func texts(
        file: FileState?, kubeadm: String, package: String = "1.7.24-1", contents: String = "", isShipped: Bool = false
    ) throws -> [String] {
        let step = try step()
        return step.texts([
            .package("containerd.io"): .package(PackageState(installed: package)),
            .file(ContainerdConfig.path): .file(file),
            step.questions[2]: .command(CommandState(text: kubeadm)),
            .contents(ContainerdConfig.path): .contents(Array(contents.utf8)),
            step.questions[5]: .command(CommandState(text: isShipped ? "x" : "")),
        ])
    }

    @Test("differs from the one that Docker's package ships with CRI disabled")
    func shipped() throws {
        let shipped = FileState(sha256: SHA256.hex("disabled_plugins = [\"cri\"]\n"))
        #expect(
            try texts(file: shipped, kubeadm: kubeadm, isShipped: true) == [
                "/etc/containerd/config.toml is as its package ships it"
            ])
    }

    @Test("that somebody else wrote is kept, and what stays of it is named before it is replaced")
    func others() throws {
        let theirs = "[plugins.\"io.containerd.grpc.v1.cri\".containerd.runtimes.nvidia]\nruntime_type = \"x\"\n"
        #expect(
            try texts(file: FileState(sha256: SHA256.hex(theirs)), kubeadm: kubeadm, contents: theirs) == [
                """
                /etc/containerd/config.toml has somebody else's content, which is kept as \
                /etc/containerd/config.toml.before-kubeforge
                """,
                "the runtime nvidia of /etc/containerd/config.toml stays",
            ])
    }

    @Test(
        "has what stays of somebody else's file under the names that the installed containerd reads",
        arguments: [
            ("1.7.24-1", 2, "io.containerd.grpc.v1.cri"), ("2.0.0-1", 3, "io.containerd.cri.v1.runtime"),
        ])
    func othersNames(package: String, version: Int, plugin: String) throws {
        let runtime = "containerd.runtimes.nvidia]\nruntime_type = \"x\"\n"
        let own = try SandboxText(try Example.templates["containerd/config-\(version).toml"])
        let text = own.naming("registry.k8s.io/pause:3.10.2") + "\n[plugins.\"\(plugin)\"." + runtime
        let file = FileState(sha256: SHA256.hex(text))
        let theirs = "[plugins.\"io.containerd.grpc.v1.cri\"." + runtime
        #expect(try texts(file: file, kubeadm: kubeadm, package: package, contents: theirs) == [])
    }

    @Test("is known as its package's own by dpkg's digest of it", arguments: ["dash", "bash"])
    func shippedLook(shell: String) async throws {
        let text = try #require(try step().questions[5].shell)
        try await TemporaryDirectory.during { directory in
            let path = try directory.write("config.toml", "shipped")
            let sum = try await LocalProgram.run("md5sum", [path]).prefix(32)
            try directory.write(
                "dpkg-query", "#!/bin/sh\necho; echo ' \(path) \(sum)'; echo ' /etc/other \(sum)'\n", mode: 0o755)
            func said() async throws -> String {
                let script = text.replacing(ContainerdConfig.path, with: path)
                return try await LocalTransport(shell: shell, programs: directory.path).run(
                    Command("sh", "-c", Word(script))
                ).text
            }
            #expect(try await said() == " \(path) \(sum)\n")
            try directory.write("config.toml", "changed")
            #expect(try await said() == "")
        }
    }

    @Test("names kubeadm's sandbox image, and differs as soon as kubeadm names another")
    func sandbox() async throws {
        let file = FileState(sha256: SHA256.hex(try await written("2.2.1-1")))
        #expect(try texts(file: file, kubeadm: kubeadm, package: "2.2.1-1") == [])
        let next = kubeadm.replacing("3.10.2", with: "3.11")
        var noted = file
        noted.written = [file.sha256!]
        #expect(try texts(file: noted, kubeadm: next, package: "2.2.1-1") == ["/etc/containerd/config.toml differs"])
    }

    @Test("is not known before kubeadm is installed, and is not guessed")
    func noKubeadm() async throws {
        #expect(try texts(file: nil, kubeadm: "") == ["/etc/containerd/config.toml is missing"])
        #expect(
            try texts(file: FileState(), kubeadm: "") == ["its sandbox image is not known before kubeadm is installed"])
        let (machine, transport) = Example.machine(answering: String(repeating: frame(""), count: 8))
        let problem = await #expect(throws: Problem.self) { try await step().apply(to: machine) }
        #expect(problem?.what == "kubnode: kubeadm does not name the images of 1.36.2")
        #expect(await transport.changes == [])
    }

    @Test("lets containerd's drop-ins take nothing of it away", arguments: ["dash", "bash"])
    func dropIns(shell: String) async throws {
        let text = try #require(ContainerdDropIns.step.questions[0].shell)
        try await TemporaryDirectory.during { directory in
            // As containerd 1.6 and 1.7 print it: the drop-in's section replaced the whole one.
            func said(_ dump: String) async throws -> String {
                try directory.write("containerd", "#!/bin/sh\nprintf '%s\\n' '\(dump)'\n", mode: 0o755)
                let script = text.replacing("\(ContainerdConfig.dropIns)/", with: directory.path + "/")
                return try await LocalTransport(shell: shell, programs: directory.path).run(
                    Command("sh", "-c", Word(script))
                ) { _ in }.text
            }
            #expect(try await said("SystemdCgroup = false") == "", "nothing is asked without a drop-in")
            try directory.write("99-nvidia.toml", "version = 2\n")
            #expect(
                try await said("SystemdCgroup = false\nconfig_path = \"\"")
                    == "SystemdCgroup = true\nconfig_path = \"/etc/containerd/certs.d\"\n")
            #expect(try await said("SystemdCgroup = true\nconfig_path = \"/etc/containerd/certs.d\"") == "")
        }
        let look = ContainerdDropIns.step.questions[0]
        let lost = "with the files of /etc/containerd/conf.d together containerd does not have SystemdCgroup = true"
        #expect(ContainerdDropIns.step.texts([look: .command(CommandState(text: "SystemdCgroup = true"))]) == [lost])
    }
}
