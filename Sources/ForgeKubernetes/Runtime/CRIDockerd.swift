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
    /// The sha256 of the archive that was installed, of the program in it, and of the one that kubeforge had installed
    /// before.
    private static let note = "/var/lib/kubeforge/cri-dockerd"

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
        let proxy = cluster.outgoing
        let isOwn = mirror?.sha256 != nil
        let look = isOwn ? Self.ownLook : Self.versionLook
        return CommandStep(
            isOwn ? "cri-dockerd is installed" : "cri-dockerd \(Self.version) is installed", asking: [.command(look)]
        ) {
            answers in
            let found = answers.command(look).text
            return isOwn
                ? Self.ownDifferences(found, sum)
                : found == Self.version
                    ? [] : [Difference("cri-dockerd", from: found.isEmpty ? "none" : found, to: Self.version)]
        } by: { machine in
            let copy = OriginalFile.copy(of: Self.binary)
            let said = try await machine.run(
                Command(
                    "sh", "-c", Word(Self.install), "sh", Word(url), Word(sum), Word(Self.binary), Word(Self.note),
                    Word(copy)
                ).through(proxy).asRoot(),
                fix:
                    """
                    does \(machine.host.name) reach \(url)? Else name a copy in the inventory (mirrors: criDockerd: \
                    url:), with its sha256 if it is another release
                    """)
            if said.text.hasPrefix("kept") { machine.tell("the \(Self.binary) that was there is kept as \(copy)") }
        }
    }

    private static let versionLook = "[ -x \(binary) ] && \(binary) --version 2>&1 | cut -d ' ' -f 2"

    /// Prints the sha256 of the archive that the program is from, or `unknown` where kubeforge did not install it so.
    static let ownLook = """
        [ -x \(binary) ] || exit 0
        archive=unknown program=''; [ ! -f \(note) ] || read -r archive program before < \(note)
        sum=$(sha256sum < \(binary)); [ "${sum%% *}" = "$program" ] || archive=unknown
        printf '%s\\n' "$archive"
        """

    /// An own release has any version: only the archive says whether it is the right one.
    private static func ownDifferences(_ found: String, _ sum: String) -> [Difference] {
        if found.isEmpty { return ["cri-dockerd is not there"] }
        return found == sum ? [] : [Difference("the sha256 of cri-dockerd's archive", from: found, to: sum)]
    }

    /// The archive holds one program in a directory. It is trusted by its sha256 alone. A program that kubeforge did
    /// not install is kept beside it, once. The note comes first: a kill in between leaves the old program with a note
    /// that still knows it.
    static let install = """
        set -e
        \(ShellFunction.place)
        directory=$(mktemp -d); trap 'rm -rf "$directory"' EXIT; \(ShellFunction.endsBySignal)
        \(Download.fetch("$directory/archive.tgz"))
        tar -xzf "$directory/archive.tgz" -C "$directory"
        new=$(sha256sum < "$directory/cri-dockerd/cri-dockerd"); new=${new%% *}
        archive='' program='' before='' own=''
        [ ! -f "$4" ] || read -r archive program before < "$4" || :
        if [ -e "$3" ] || [ -L "$3" ]; then
          now=$(sha256sum < "$3") && now=${now%% *} || now=''
          case $now in '') ;; "$new"|"$program"|"$before") own=$now;; esac
          if [ -z "$own" ] && [ ! -e "$5" ] && [ ! -L "$5" ]; then
            cp -pP -- "$3" "$5.new"; place "$5.new" "$5"; echo kept
          fi
        fi
        mkdir -p -- "${4%/*}"
        printf '%s %s %s\\n' "$2" "$new" "$own" > "$4.new"; place "$4.new" "$4"
        install -D -m 0755 "$directory/cri-dockerd/cri-dockerd" "$3.new"
        place "$3.new" "$3"
        """
}
