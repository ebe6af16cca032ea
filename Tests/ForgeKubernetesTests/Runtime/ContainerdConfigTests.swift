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

@Suite("containerd's settings of others")
struct ContainerdExtrasTests {
    /// Where `nvidia-ctk runtime configure` of 1.x puts them, beside what `containerd config default` printed.
    private static let theirs = """
        disabled_plugins = []
        root = "/data/containerd" # the large disk
        version = 2

        [cgroup]
          path = ""

        [plugins]

          [plugins."io.containerd.grpc.v1.cri"]
            sandbox_image = "registry.k8s.io/pause:3.6"

            [plugins."io.containerd.grpc.v1.cri".containerd]
              default_runtime_name = "nvidia"

              [plugins."io.containerd.grpc.v1.cri".containerd.runtimes]

                [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.nvidia]
                  runtime_type = "io.containerd.runc.v2"
                  pod_annotations = [
                    "nvidia.com/*", # ]
                  ]

                  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.nvidia.options]
                    BinaryName = "/usr/bin/nvidia-container-runtime"

                [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
                  runtime_type = "io.containerd.runc.v1"

                [plugins.'io.containerd.grpc.v1.cri'.containerd.runtimes."gvisor.dev"]
                  runtime_type = "io.containerd.runsc.v1"

            [plugins."io.containerd.grpc.v1.cri".registry]
              [plugins."io.containerd.grpc.v1.cri".registry.configs."reg.example:5000".auth]
                username = "me"
              [plugins."io.containerd.grpc.v1.cri".registry.configs."reg.example:5000".tls]
                insecure_skip_verify = true

        [[plugins."io.containerd.transfer.v1.local".unpack_config]]
          differ = ""

        [timeouts]
          a = "0s"
        """
    private static let names = [
        "the runtime nvidia", "the runtime gvisor.dev", "the login at reg.example:5000",
        "`root = \"/data/containerd\" # the large disk`",
    ]

    private func own(_ version: Int) throws -> String {
        try SandboxText(try Example.templates["containerd/config-\(version).toml"]).naming("pause:1")
    }

    @Test("stay: runtimes, which one is the default, logins, and where it keeps its files")
    func stay() throws {
        let extras = ContainerdExtras(of: Self.theirs)
        #expect(extras.names == Self.names)
        let ours = try own(2)
        let text = extras.added(to: ours, version: 2)
        let head = text.split(separator: "\n").prefix(3)
        #expect(head[1] == "version = 2" && head[2] == "root = \"/data/containerd\" # the large disk")
        #expect(text.contains("default_runtime_name = \"nvidia\""))
        #expect(text.contains("\n[plugins.\"io.containerd.grpc.v1.cri\".containerd.runtimes.nvidia]\n"))
        #expect(text.contains("\"nvidia.com/*\", # ]\n          ]\n"))
        #expect(text.contains("\n[plugins.\"io.containerd.grpc.v1.cri\".containerd.runtimes.\"gvisor.dev\"]\n"))
        #expect(text.contains(".registry.configs.\"reg.example:5000\".auth]\n        username = \"me\"\n"))
        for gone in [
            "io.containerd.runc.v1\"", "pause:3.6", "insecure_skip_verify", "unpack_config", "timeouts", "[cgroup]",
        ] {
            #expect(!text.contains(gone), "\(gone)")
        }
        for line in ours.split(separator: "\n") where !line.contains("default_runtime_name") {
            #expect(text.contains(line))
        }
    }

    @Test("stay where an editor of Windows has ended the lines, too", arguments: [2, 3])
    func windows(version: Int) throws {
        let extras = ContainerdExtras(of: Self.theirs.replacing("\n", with: "\r\n"))
        #expect(extras.names == Self.names)
        let text = ContainerdExtras(of: Self.theirs).added(to: try own(version), version: version)
        #expect(extras.added(to: try own(version), version: version) == text)
    }

    @Test(
        "are the same when kubeforge reads its own file again, and move with containerd to its version 3",
        arguments: [2, 3])
    func again(version: Int) throws {
        let text = ContainerdExtras(of: Self.theirs).added(to: try own(version), version: version)
        #expect(ContainerdExtras(of: text).added(to: try own(version), version: version) == text)
        #expect(ContainerdExtras(of: text).names.sorted() == Self.names.sorted())
        let moved = ContainerdExtras(of: text).added(to: try own(3), version: 3)
        #expect(moved.contains("[plugins.\"io.containerd.cri.v1.runtime\".containerd.runtimes.nvidia.options]"))
        #expect(moved.contains("[plugins.\"io.containerd.cri.v1.images\".registry.configs.\"reg.example:5000\".auth]"))
        #expect(!moved.contains("grpc.v1.cri"))
        #expect(TOMLTables(moved)?.all.filter { $0.path.last == "nvidia" }.count == 1)
    }

    @Test("are none in kubeforge's own file, and in one that cannot be read", arguments: [2, 3])
    func none(version: Int) throws {
        let ours = try own(version)
        #expect(ContainerdExtras(of: ours).names == [])
        #expect(ContainerdExtras(of: ours).added(to: ours, version: version) == ours)
        #expect(
            ContainerdExtras(of: "x = \"\"\"\n[plugins.\"io.containerd.grpc.v1.cri\".containerd.runtimes.a]\n\"\"\"")
                .names == [])
    }

    @Test("do not make a runtime the default that is not there")
    func defaultRuntime() throws {
        let text = "[plugins.'io.containerd.cri.v1.runtime'.containerd]\n default_runtime_name = 'crun'\n"
        #expect(ContainerdExtras(of: text).added(to: try own(3), version: 3) == (try own(3)))
        let other = "[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.nvidia]\n runtime_type = 'x'\n"
        let extras = ContainerdExtras(of: text + other)
        #expect(extras.names == ["the runtime nvidia"])
        #expect(extras.added(to: try own(3), version: 3).contains(" default_runtime_name = \"runc\"\n"))
    }
}

@Suite("TOML, as its tables")
struct TOMLTablesTests {
    /// Of all tables but the root's.
    private func paths(_ text: String) -> [[String]]? { TOMLTables(text)?.all.dropFirst().map(\.path) }

    static let headers: [(line: String, path: [String])] = [
        ("[a_b-c.d2]", ["a_b-c", "d2"]), ("[ a . \"b.c\" . 'd]' ] # [e]", ["a", "b.c", "d]"]), ("['a\\b']", ["a\\b"]),
    ]

    @Test("has the names of a header, bare or quoted", arguments: headers.indices)
    func header(index: Int) {
        let (line, path) = Self.headers[index]
        #expect(paths(line) == [path])
    }

    @Test(
        "of what is not read is none",
        arguments: ["[a]]", "[a", "[a b]", "[]", "[\"a\\u0062\"]", "x = '''", "x = \"\"\""])
    func unread(text: String) { #expect(paths(text) == nil) }

    @Test(
        "begins a table only where no array is open, whatever its texts and comments hold",
        arguments: [
            "x = [\"\", \"a\"]", "x = \"a\\\"[\"", "x = ['a\\']", "x = [\"a\\\\\"]", "x = \"[\"", "x = '['",
            "x = [1] # [", "x = [\n[\"a\"],\n]",
        ])
    func arrays(text: String) { #expect(paths(text + "\n[t]\n") == [["t"]]) }

    @Test(
        "quotes a name where it must",
        arguments: [
            ("nvidia-cdi", "nvidia-cdi"), ("a_1", "a_1"), ("Az09", "Az09"), ("gvisor.dev", "\"gvisor.dev\""),
            ("", "\"\""), ("a\"b", "'a\"b'"),
        ])
    func quoted(name: String, expected: String) { #expect(TOMLTables.quoted(name) == expected) }
}
