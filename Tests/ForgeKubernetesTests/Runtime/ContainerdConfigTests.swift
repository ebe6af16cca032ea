import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeTestSupport
import Synchronization
import Testing

@testable import ForgeKubernetes

@Suite("containerd's configuration")
struct ContainerdConfigTests {
    private func step(_ docker: Cluster.DockerSource = .docker) throws -> ContainerdConfig {
        try ContainerdConfig(cluster: Example.cluster("1.36.2") { $0.docker = docker }, templates: Example.templates)
    }

    private let kubeadm = "registry.k8s.io/coredns/coredns:v1.14.2\nregistry.k8s.io/pause:3.10.2\n"

    /// The file that is written where this package is installed.
    private func written(_ version: String, docker: Cluster.DockerSource = .docker) async throws -> String {
        let name = docker == .docker ? "containerd.io" : "containerd"
        let look = String(repeating: frame(""), count: 4) + frame("\(name)|ii |\(version)") + frame(kubeadm)
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
        #expect(text.contains("bin_dir") == (expected == 2), "2.1 calls it deprecated, and has the same path without it")
        #expect(text.contains("config_path = \"/etc/containerd/certs.d\""))
        #expect(!text.contains("disabled_plugins"))
    }

    @Test("of the distribution's package is chosen by that package")
    func distribution() async throws {
        #expect(try await written("2.1.0-1", docker: .distribution).contains("\nversion = 3\n"))
    }

    private func texts(file: FileState?, kubeadm: String, package: String = "1.7.24-1") throws -> [String] {
        let step = try step()
        return step.texts([
            .package("containerd.io"): .package(PackageState(installed: package)), .file(ContainerdConfig.path): .file(file),
            step.questions[2]: .command(CommandState(text: kubeadm)),
        ])
    }

    @Test("differs from the one that Docker's package ships with CRI disabled")
    func shipped() throws {
        let shipped = FileState(sha256: SHA256.hex("disabled_plugins = [\"cri\"]\n"))
        #expect(try texts(file: shipped, kubeadm: kubeadm) == ["/etc/containerd/config.toml has other content"])
    }

    @Test("names kubeadm's sandbox image, and differs as soon as kubeadm names another")
    func sandbox() async throws {
        let file = FileState(sha256: SHA256.hex(try await written("2.2.1-1")))
        #expect(try texts(file: file, kubeadm: kubeadm, package: "2.2.1-1") == [])
        let next = kubeadm.replacing("3.10.2", with: "3.11")
        #expect(try texts(file: file, kubeadm: next, package: "2.2.1-1") == ["/etc/containerd/config.toml has other content"])
    }

    @Test("is not known before kubeadm is installed, and is not guessed")
    func noKubeadm() async throws {
        #expect(try texts(file: nil, kubeadm: "") == ["/etc/containerd/config.toml is missing"])
        #expect(try texts(file: FileState(), kubeadm: "") == ["its sandbox image is not known before kubeadm is installed"])
        let (machine, transport) = Example.machine(answering: String(repeating: frame(""), count: 6))
        let problem = await #expect(throws: Problem.self) { try await step().apply(to: machine) }
        #expect(problem?.what == "kubnode: kubeadm does not name the images of 1.36.2")
        #expect(await transport.changes == [])
    }

    @Test("lets containerd's drop-ins take nothing of it away", arguments: ["dash", "bash"])
    func dropIns(shell: String) async throws {
        guard case .command(let text) = ContainerdDropIns.step.questions[0] else { return }
        try await TemporaryFolder.during { folder in
            // As containerd 1.6 and 1.7 print it: the drop-in's section replaced the whole one.
            func said(_ dump: String) async throws -> String {
                try folder.write("containerd", "#!/bin/sh\nprintf '%s\\n' '\(dump)'\n", mode: 0o755)
                let script = text.replacing("\(ContainerdConfig.dropIns)/", with: folder.path + "/")
                return try await LocalTransport(shell: shell, programs: folder.path).run(Command("sh", "-c", Word(script))) { _ in }.text
            }
            #expect(try await said("SystemdCgroup = false") == "", "nothing is asked without a drop-in")
            try folder.write("99-nvidia.toml", "version = 2\n")
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

@Suite("A file that somebody else made")
struct OriginalFileTests {
    private func keep(_ text: String, shell: String, shipped: String? = nil) async throws -> (copy: String?, told: [String]) {
        try await TemporaryFolder.during { folder in
            let path = try folder.write("config.toml", text)
            let sum = shipped.map { "$(printf %s '\($0)' | md5sum | cut -d ' ' -f 1)" } ?? "none"
            try folder.write("dpkg-query", "#!/bin/sh\necho; echo \" \(path) \(sum)\"\n", mode: 0o755)
            let told = Mutex<[String]>([])
            let machine = Machine(
                host: Example.node, transport: LocalTransport(shell: shell, programs: folder.path),
                onNews: { news in told.withLock { $0.append(news.text.replacing(folder.path, with: "")) } })
            try await OriginalFile.keep(path, ofPackage: "containerd", on: machine)
            let first = try? folder.text("config.toml.before-kubeforge")
            try folder.write("config.toml", "changed since")
            try await OriginalFile.keep(path, ofPackage: "containerd", on: machine)
            if let first { #expect(try folder.text("config.toml.before-kubeforge") == first, "once") }
            return (first, told.withLock { $0 })
        }
    }

    @Test("is kept beside it, once, and that is told", arguments: ["dash", "bash"])
    func other(shell: String) async throws {
        let kept = try await keep("version = 2\n[nvidia]\n", shell: shell)
        #expect(kept.copy == "version = 2\n[nvidia]\n")
        #expect(kept.told == ["what was in /config.toml is kept as /config.toml.before-kubeforge"])
    }

    @Test("is not what kubeforge wrote or the package shipped", arguments: ["dash", "bash"])
    func own(shell: String) async throws {
        #expect(try await keep("# Written by kubeforge: containerd 1.x.\n", shell: shell).copy == nil)
        #expect(try await keep("version = 2\n", shell: shell, shipped: "version = 2\n").copy == nil)
    }
}
