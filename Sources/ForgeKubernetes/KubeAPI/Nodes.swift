import ForgePlan

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
            let fields = line.split(separator: "=", maxSplits: 2, omittingEmptySubsequences: false).map(String.init)
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
