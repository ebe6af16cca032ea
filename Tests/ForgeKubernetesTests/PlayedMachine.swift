import ForgeCore
import ForgePlan
import ForgeTestSupport
import Foundation

@testable import ForgeKubernetes

/// A machine whose files are a directory, and whose kubeadm, kubectl and systemctl are scripts that note their calls:
/// what a step runs there is run for real.
struct PlayedMachine: Sendable {
    let root: TemporaryDirectory
    let transport: PlayedTransport

    static func during(_ body: (PlayedMachine) async throws -> Void) async throws {
        try await TemporaryDirectory.during { directory in
            let played = PlayedMachine(root: directory, transport: PlayedTransport(root: directory.path))
            for name in ["bin", "says", "etc/kubernetes/manifests", "var/lib/kubeforge", "var/lib/kubelet/pki"] {
                try FileManager.default.createDirectory(atPath: directory.path(name), withIntermediateDirectories: true)
            }
            try directory.write("calls", "")
            for name in ["kubeadm", "systemctl", "journalctl", "curl", "ctr", "docker"] {
                try played.program(name, says: name)
            }
            try played.program(
                "kubectl",
                """
                case "$*" in
                *kubelet.conf*) name=own ;;
                *readyz*) name=readyz ;;
                *configmap/kubeadm-config*) name=parts ;;
                *) name=node ;;
                esac

                """, says: "$name")
            try directory.write("bin/sleep", "#!/bin/sh\n", mode: 0o755)
            try directory.write("bin/sync", "#!/bin/sh\n", mode: 0o755)
            try directory.write("bin/chown", "#!/bin/sh\n", mode: 0o755)
            try directory.write("bin/seq", "#!/bin/sh\necho 1 2\n", mode: 0o755)
            try await body(played)
        }
    }

    /// It notes its call, does what the file `does-NAME-FIRSTWORD` says, and answers with the file of `says`: an exit
    /// code, and words.
    private func program(_ name: String, _ choice: String = "", says: String) throws {
        try root.write(
            "bin/\(name)",
            """
            #!/bin/sh
            echo "\(name) $*" >> \(root.path)/calls
            \(choice)
            if [ -f "\(root.path)/does-\(name)-$1" ]; then . "\(root.path)/does-\(name)-$1"; fi
            [ -f "\(root.path)/says/\(says)" ] || exit 0
            { read -r code; text=$(cat); } < "\(root.path)/says/\(says)"
            if [ "$code" = 0 ]; then printf '%s' "$text"; elif [ -n "$text" ]; then printf '%s\\n' "$text" >&2; fi
            exit "$code"

            """, mode: 0o755)
    }

    /// What a program answers from now on: `own`, `node`, `parts`, `readyz` of kubectl, or the name of another one.
    func says(_ name: String, _ text: String, code: Int = 0) throws {
        try root.write("says/\(name)", "\(code)\n\(text)\n")
    }

    /// What `kubeadm init` does, as a script in which `$root` is the machine's.
    func kubeadm(_ verb: String, does script: String) throws {
        try root.write("does-kubeadm-\(verb)", "root=\(root.path)\n\(script)\n")
    }

    func write(_ path: String, _ text: String = "") throws {
        let directory = (root.path(path) as NSString).deletingLastPathComponent
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        try root.write(path, text)
    }

    /// The note of an earlier run that this cluster's work began.
    func note(_ work: Begun.Work) async throws {
        try write("var/lib/kubeforge/\(work.rawValue)", "lab https://10.77.0.11:6443\n")
        try await LocalProgram.run("touch", ["-d", "2020-01-01", root.path("var/lib/kubeforge/\(work.rawValue)")])
    }

    func has(_ path: String) -> Bool { FileManager.default.fileExists(atPath: root.path(path)) }

    /// The files of a directory, sorted.
    func files(_ path: String) -> [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: root.path(path))) ?? []).sorted()
    }

    /// The calls that change something, in order.
    func calls(_ name: String = "kubeadm") throws -> [String] {
        try root.text("calls").split(separator: "\n").map(String.init).filter { $0.hasPrefix(name + " ") }
            .map { $0.replacing(root.path, with: "") }
    }

    /// As the host; its peers are one machine with the same files and programs.
    func machine(_ host: ForgeCore.Host, onNews: @escaping @Sendable (Machine.News) -> Void = { _ in }) -> Machine {
        Machine(
            host: host, transport: transport, onNews: onNews,
            peers: { _ in Machine(host: Example.master, transport: transport) })
    }
}

/// Runs everything on this computer, with the directory in the place of /etc/kubernetes and what else a cluster lives
/// in.
actor PlayedTransport: Transport {
    private let root: String
    private let inner: LocalTransport

    init(root: String) {
        self.root = root
        inner = LocalTransport(programs: root + "/bin")
    }

    var traffic: Traffic { Traffic() }

    func close() async {}

    func run(_ command: Command, onLine: @escaping @Sendable (OutputLine) -> Void) async throws -> Output {
        var local = Command(command.words.map { Word(moved($0.text)) })
        local.input = .bytes(Array(moved(command.inputText).utf8))
        // The content was hashed before it was moved.
        if command.words.count == 8, command.words[7].text == "root:root" {
            local = Command("sh", "-c", "umask 077; cat > \"$1\"", "sh", Word(moved(command.words[4].text)))
            local.input = .bytes(Array(command.inputText.utf8))
        }
        return try await inner.run(local, onLine: onLine)
    }

    private func moved(_ text: String) -> String {
        ["/etc/kubernetes", "/var/lib/kubeforge", "/var/lib/kubelet", "/var/lib/etcd"].reduce(text) {
            $0.replacing($1, with: root + $1)
        }
    }
}
