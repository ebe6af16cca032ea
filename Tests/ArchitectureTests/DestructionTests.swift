import Foundation
import Testing

/// What destroys something of a cluster, wherever Sources and templates say it: commands and advice alike.
///
/// A new one belongs into `Begun`, which runs it only for what kubeforge began itself; advice names what harms nothing
/// first.
private let mayDestroy: [String: [String]] = [
    // Behind its note, and after a copy of what is there.
    "Sources/ForgeKubernetes/Kubeadm/Begun.swift": ["kubeadm init --", "kubeadm reset"],
    // Containers that a kubelet which runs starts again; asked for by --renew-certificates.
    "Sources/ForgeKubernetes/Kubeadm/Certificates.swift": ["docker kill", "tasks kill"],
    // Advice, after what harms nothing.
    "Sources/ForgeKubernetes/Preflight/ClusterMembershipCheck.swift": ["kubeadm reset"],
    // It says what these commands of kubeforge are run over.
    "Sources/ForgeCLI/Documentation.docc/Troubleshooting.md": ["kubeadm reset"],
    "Sources/ForgeKubernetes/Preflight/OtherKubernetes.swift": [
        "k0s reset", "k0s reset", "snap remove", "snap remove", "snap remove", "uninstall.sh", "uninstall.sh",
        "uninstall.sh",
        "uninstall.sh",
    ],
    // Advice, between a drain and an uncordon.
    "Sources/ForgeKubernetes/Readiness/PodNetwork.swift": ["ip link delete"],
]

@Suite("What destroys something of a cluster")
struct DestructionTests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..").standardized

    @Test("stands behind the note of what kubeforge began, or is advice that is listed here")
    func places() throws {
        var found: [String: [String]] = [:]
        for directory in ["Sources", "templates"] {
            let files = try #require(
                FileManager.default.enumerator(
                    at: Self.root.appending(path: directory), includingPropertiesForKeys: [.isRegularFileKey]))
            for case let file as URL in files
            where try file.resourceValues(forKeys: [.isRegularFileKey]).isRegularFile == true {
                let path = String(file.standardized.path.dropFirst(Self.root.path.count)).trimmingPrefix("/")
                // The lab's machines are made to be thrown away.
                guard !["Sources/ForgeLab/", "Sources/LabStandIns/", "templates/lab/"].contains(where: path.hasPrefix),
                    let text = (try? String(contentsOf: file, encoding: .utf8)).map(joined)
                else { continue }
                let signs = Self.signs(in: text)
                if !signs.isEmpty { found[String(path)] = signs }
            }
        }
        for path in Set(found.keys).union(mayDestroy.keys).sorted() {
            #expect(found[path, default: []] == mayDestroy[path, default: []], "\(path)")
        }
    }

    @Test("cannot be called without the note: nobody else makes the type")
    func guarded() throws {
        let text = try String(
            contentsOf: Self.root.appending(path: "Sources/ForgeKubernetes/Kubeadm/Begun.swift"), encoding: .utf8)
        #expect(text.contains("    private init(_ work: Work, _ machine: Machine, _ cluster: Cluster) {"))
        #expect(!text.contains("static func reset") && !text.contains("static func initialise"))
    }

    @Test(
        "is seen however it is written",
        arguments: [
            ("Command(\"kubeadm\", \"reset\", \"--force\")", "kubeadm reset"),
            ("exec kubeadm reset --force", "kubeadm reset"),
            ("[\"kubeadm\", \"init\", \"--config\"]", "kubeadm init --"), ("kubectl delete node \"$1\"", "delete node"),
            ("HostKubectl.command(\"delete\", \"node\", name)", "delete node"),
            ("rm -rf -- /etc/kubernetes", "rm of a cluster's files"),
            ("Command(\"rm\", \"-rf\", \"/etc/cni/net.d\")", "rm of a cluster's files"),
            ("rm -r -- \"$x\" /var/lib/etcd/member", "rm of a cluster's files"),
            ("rm -f /etc/kubernetes/manifests/etcd.yaml", "rm of a cluster's files"),
            ("find /var/lib/kubelet -delete", "rm of a cluster's files"),
            ("ip link del cni0", "ip link delete"), ("etcdctl del --prefix /", "etcdctl that changes"),
            ("etcdctl member remove x", "etcdctl that changes"),
            ("kubectl drain x --delete-emptydir-data", "drain of data"),
            ("iptables -F", "iptables -F"),
            ("    // kubeadm reset is not for us", ""), ("kubeadm init phase certs", ""),
            ("rm -f -- /var/lib/kubeforge/x", ""),
            ("etcdctl snapshot save x", ""),
        ])
    func seen(text: String, sign: String) {
        #expect(Self.signs(in: text) == (sign.isEmpty ? [] : [sign]))
    }

    /// Of lines that are no comment; the words of a command are one text, as they are in a shell.
    private static func signs(in text: String) -> [String] {
        let words = [("(?m)^\\s*//.*$", ""), ("\",\\s*\"", " ")].reduce(text) { text, change in
            text.replacingOccurrences(of: change.0, with: change.1, options: .regularExpression)
        }
        let all = NSRange(words.startIndex..., in: words)
        return patterns.flatMap { name, pattern in
            Array(repeating: name, count: pattern.numberOfMatches(in: words, range: all))
        }.sorted()
    }

    private static let paths = "(/etc/kubernetes|/var/lib/etcd|/var/lib/kubelet|/etc/cni|/opt/cni|/var/lib/cni)"

    private static let patterns: [(String, NSRegularExpression)] = [
        ("kubeadm reset", #"kubeadm reset"#), ("kubeadm init --", #"kubeadm init --"#),
        ("delete node", #"delete (--\S+ )*nodes?\b"#),
        ("rm of a cluster's files", #"\brm -.*\#(paths)"#),
        ("rm of a cluster's files", #"\bfind .*\#(paths).*-(delete|exec)"#),
        ("ip link delete", #"ip link del(ete)?\b"#),
        ("etcdctl that changes", #"etcdctl .*\b(del|member remove|put|snapshot restore)\b"#),
        ("drain of data", #"drain .*--(delete-emptydir-data|delete-local-data|force)"#),
        ("iptables -F", #"iptables (-t \w+ )?-[FX]\b"#),
        ("docker kill", "docker kill"), ("tasks kill", "tasks kill"), ("k0s reset", "k0s reset"),
        ("snap remove", "snap remove"),
        ("uninstall.sh", #"uninstall\.sh"#), ("mkfs", #"\b(mkfs|wipefs)"#),
    ].map { ($0, try! NSRegularExpression(pattern: $1)) }
}
