import ForgeCore
import ForgePlan

/// kubectl on a host that is made a part of a cluster, with the host's own credentials: it may be a node's, and the API
/// server may not be there yet.
package enum HostKubectl {
    /// Where kubeadm puts the administrator's credentials, on control planes alone; root reads it.
    package static let adminConfig = "/etc/kubernetes/admin.conf"
    /// The kubelet's, which kubeadm writes when the machine becomes a node.
    static let kubeletConfig = "/etc/kubernetes/kubelet.conf"

    /// A line of shell that asks the API server as the administrator; it gives up soon, because it is asked again.
    package static func asAdmin(_ arguments: String) -> String { line(adminConfig, arguments) }

    /// The same as the node itself, which may read its own object.
    static func asNode(_ arguments: String) -> String { line(kubeletConfig, arguments) }

    /// kubectl as a command that changes something.
    package static func command(_ words: Word...) -> Command { command(words) }

    static func command(_ words: [Word]) -> Command {
        Command([Word("kubectl"), "--kubeconfig", Word(adminConfig)] + words).asRoot().within(.seconds(120))
    }

    private static func line(_ config: String, _ arguments: String) -> String {
        "[ -f \(config) ] && kubectl --kubeconfig \(config) --request-timeout=10s \(arguments)"
    }
}

/// The cluster's nodes: who is Ready, and what keeps pods away.
struct Nodes: Sendable {
    struct Node: Sendable, Hashable {
        let name: String
        let isReady: Bool
        /// The keys of its taints.
        let taints: [String]
    }

    let all: [Node]

    /// As the administrator, or as a node, which releases before 1.32 allow.
    static func look(_ kubectl: (String) -> String) -> String {
        let fields =
            """
            {.metadata.name}={range .status.conditions[?(@.type==\"Ready\")]}{.status}{end}={range \
            .spec.taints[*]}{.key} {end}
            """
        return kubectl("get nodes -o 'jsonpath={range .items[*]}\(fields){\"\\n\"}{end}'")
    }

    init(_ text: String) {
        all = text.split(separator: "\n").compactMap { line in
            let fields = line.split(separator: "=", omittingEmptySubsequences: false).map(String.init)
            guard fields.count == 3 else { return nil }
            return Node(
                name: fields[0], isReady: fields[1] == "True", taints: fields[2].split(separator: " ").map(String.init))
        }
    }

    var unready: Set<String> { Set(all.filter { !$0.isReady }.map(\.name)) }

    /// The taints that the kubelet and the controllers set because something is wrong: `kubmaster has the taint …`.
    var trouble: [String] {
        all.flatMap { node in
            node.taints.filter { $0.hasPrefix("node.kubernetes.io/") || $0.hasPrefix("node.cloudprovider") }.map {
                "\(node.name) has the taint \($0)"
            }
        }
    }

    /// The nodes that the kubelet says have too little disk space.
    var full: [String] { all.filter { $0.taints.contains("node.kubernetes.io/disk-pressure") }.map(\.name) }
}

extension [String] {
    /// How room is made on a node; nil where none needs it.
    var roomFix: String? {
        isEmpty
            ? nil
            : """
            make room on \(joined(separator: ", ")): `df -h /var/lib/kubelet /var/lib/containerd /var/lib/docker` \
            and `sudo du -xh /var | sort -h | tail` there; the kubelet takes pods again some minutes later
            """
    }
}

/// What kubectl says of objects: only the API server's own `NotFound` means that one is not there.
enum Presence: Sendable, Hashable {
    case there
    /// What the API server says of each one that it does not have.
    case missing([String])
    /// The last words: refused, timed out, a certificate that has expired. Nothing may be concluded from them.
    case notKnown(String)

    /// `state`: of a `kubectl get` with both of its streams in one.
    init(_ state: CommandState) {
        if state.exitCode == 0 {
            self = .there
            return
        }
        let lines = state.text.split(whereSeparator: \.isNewline).map(String.init)
        let missing = lines.filter { $0.hasPrefix(Self.notFound) }
        let isClear = lines.allSatisfy { $0.hasPrefix(Self.notFound) || $0.hasPrefix("Warning:") || Self.isName($0) }
        if isClear, !missing.isEmpty {
            self = .missing(missing.map { $0.dropFirst(Self.notFound.count).trimming(while: \.isWhitespace) })
        } else {
            let silence = state.exitCode == 124 ? "kubectl got no answer in time" : "kubectl gave no answer"
            self = .notKnown(lines.last ?? silence)
        }
    }

    private static let notFound = "Error from server (NotFound):"

    /// `node/kubmaster`, as `-o name` prints it.
    private static func isName(_ line: String) -> Bool { line.contains("/") && !line.contains(" ") }
}
