import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeTemplates

/// From Kubernetes 1.24 on the kubelet reaches Docker Engine through cri-dockerd, which no apt repository has.
struct CRIDockerd {
    let cluster: Cluster
    let templates: Templates

    static let version = "0.3.16"
    private static let binary = "/usr/local/bin/cri-dockerd"

    func steps() throws(Problem) -> [any Step] {
        let sandbox = ["sandboxImage": PauseImage.reference(for: cluster)]
        let service = RemoteFile(
            "/etc/systemd/system/cri-dockerd.service", try templates["cri-dockerd/cri-dockerd.service"].render(sandbox))
        let socket = RemoteFile("/etc/systemd/system/cri-dockerd.socket", try templates["cri-dockerd/cri-dockerd.socket"].render())
        return [
            program, FileIs(service), FileIs(socket),
            Unit("cri-dockerd.socket", runningSince: [socket.path]),
            Unit("cri-dockerd.service", runningSince: [service.path, Self.binary], title: "cri-dockerd runs"),
        ]
    }

    private var program: Change {
        let look = "[ -x \(Self.binary) ] && \(Self.binary) --version 2>&1 | cut -d ' ' -f 2"
        return Change("cri-dockerd \(Self.version) is installed", asking: [.command(look)]) { answers in
            let found = answers.command(look).text
            return found == Self.version ? [] : [Difference("cri-dockerd", from: found.isEmpty ? "none" : found, to: Self.version)]
        } by: { machine in
            try await machine.run(
                Command("sh", "-c", Word(Self.install), "sh", Word(Self.version)).asRoot(),
                fix:
                    "cri-dockerd comes from github.com/Mirantis/cri-dockerd: \(machine.host.name) must reach it, or put the program at \(Self.binary) yourself"
            )
        }
    }

    /// The archive of the release holds one program.
    private static let install = """
        set -e
        folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
        url="https://github.com/Mirantis/cri-dockerd/releases/download/v$1/cri-dockerd-$1.$(dpkg --print-architecture).tgz"
        curl -fsSL --retry 3 --max-time 300 -o "$folder/archive.tgz" -- "$url"
        tar -xzf "$folder/archive.tgz" -C "$folder"
        install -m 0755 "$folder/cri-dockerd/cri-dockerd" \(binary)
        """
}
