import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeTemplates
import ForgeTestSupport
import Testing

@testable import ForgeKubernetes

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
