import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeTemplates

/// From Kubernetes 1.24 on the kubelet reaches Docker Engine through cri-dockerd, which no apt repository has.
struct CRIDockerd {
    let cluster: Cluster
    let templates: Templates

    /// It answers RuntimeConfig, without which a kubelet of 1.38 will not start; 0.3.16 did not.
    static let version = "0.3.25"
    /// The sha256 of the release's archives, by architecture.
    static let sums = [
        "amd64": "adb9b9785dc10fe49107f5d9e6a62c4271d268a214b9813f5dce251afc9d78ff",
        "arm64": "7eda6e815ed80ddf28095587038a8c48cb9af2060f7b45f9d8e68603c42caa67",
    ]
    private static let binary = "/usr/local/bin/cri-dockerd"

    func steps(_ facts: Facts) throws(Problem) -> [any Step] {
        let service = SandboxFile(
            title: "cri-dockerd starts with kubeadm's sandbox image", path: "/etc/systemd/system/cri-dockerd.service",
            images: KubeadmImages(cluster: cluster), text: try SandboxText(templates["cri-dockerd/cri-dockerd.service"])
        )
        let socket = RemoteFile(
            "/etc/systemd/system/cri-dockerd.socket", try templates["cri-dockerd/cri-dockerd.socket"].render())
        return [
            program(facts.architecture), service, FileIs(socket),
            Unit("cri-dockerd.socket", runningSince: [socket.path]),
            Unit("cri-dockerd.service", runningSince: [service.path, Self.binary], title: "cri-dockerd runs"),
        ]
    }

    private func program(_ architecture: String) -> CommandStep {
        let mirror = cluster.mirrors.criDockerd
        let release =
            """
            https://github.com/Mirantis/cri-dockerd/releases/download/v\(Self.version)/cri-dockerd-\(Self.version).{\
            arch}.tgz
            """
        let url = (mirror?.url ?? release).replacing("{arch}", with: architecture)
        let sum = mirror?.sha256 ?? Self.sums[architecture] ?? ""
        let look = "[ -x \(Self.binary) ] && \(Self.binary) --version 2>&1 | cut -d ' ' -f 2"
        let proxy = cluster.outgoing
        let isOwn = mirror?.sha256 != nil
        return CommandStep(
            isOwn ? "cri-dockerd is installed" : "cri-dockerd \(Self.version) is installed", asking: [.command(look)]
        ) {
            answers in
            let found = answers.command(look).text
            if isOwn { return found.isEmpty ? ["cri-dockerd is not there"] : [] }
            return found == Self.version
                ? [] : [Difference("cri-dockerd", from: found.isEmpty ? "none" : found, to: Self.version)]
        } by: { machine in
            try await machine.run(
                Command("sh", "-c", Word(Self.install), "sh", Word(url), Word(sum), Word(Self.binary)).through(proxy)
                    .asRoot(),
                fix:
                    """
                    does \(machine.host.name) reach \(url)? Else name a copy in the inventory (mirrors: criDockerd: \
                    url:), with its sha256 if it is another release
                    """)
        }
    }

    /// The archive holds one program in a directory. It is trusted by its sha256 alone.
    static let install = """
        set -e
        directory=$(mktemp -d); trap 'rm -rf "$directory"' EXIT; \(ShellFunction.endsBySignal)
        \(Download.fetch("$directory/archive.tgz"))
        tar -xzf "$directory/archive.tgz" -C "$directory"
        install -D -m 0755 "$directory/cri-dockerd/cri-dockerd" "$3"
        """
}
