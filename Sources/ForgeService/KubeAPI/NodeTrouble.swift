/// Why a node takes no pods, as the node itself says; the scheduler does not always tell (seen: 1.34 names no disk
/// pressure).
enum NodeTrouble: Sendable, Hashable {
    /// `DiskPressure`, `MemoryPressure` or `PIDPressure`, with the kubelet's own words.
    case pressure(String, String)
    case notReady(String)
    /// Somebody cordoned it.
    case cordoned
    /// Somebody's own, as `key=value:effect`.
    case taint(String)

    /// All of a node's; the taints that Kubernetes itself derives from the others, and those of control planes, tell
    /// nothing more.
    static func all(of node: ClusterObject) -> [NodeTrouble] {
        let conditions = node.status?.conditions ?? []
        let pressures = conditions.filter { $0.type.hasSuffix("Pressure") && $0.status == "True" }.map {
            NodeTrouble.pressure($0.type, $0.message ?? $0.reason ?? "the kubelet says no more")
        }
        let notReady = conditions.filter { $0.type == "Ready" && $0.status != "True" }.map {
            NodeTrouble.notReady($0.message ?? $0.reason ?? "the kubelet says no more")
        }
        let taints = (node.spec?.taints ?? []).filter { taint in
            taint.effect != "PreferNoSchedule"
                && !["node.kubernetes.io/", "node-role.kubernetes.io/"].contains(where: taint.key.hasPrefix)
        }
        return notReady + pressures + (node.spec?.unschedulable == true ? [.cordoned] : [])
            + taints.map { .taint("\($0.key)\($0.value.map { "=\($0)" } ?? ""):\($0.effect)") }
    }

    func sentence(_ node: String) -> String {
        switch self {
        case .pressure(let kind, let why): "node \(node) has \(kind): \(why)"
        case .notReady(let why): "node \(node) is not Ready: \(why)"
        case .cordoned: "node \(node) is cordoned"
        case .taint(let taint): "node \(node) has the taint \(taint)"
        }
    }

    /// The kubelet's own thresholds: 10 % of its file system and 15 % of that of images must be free, 100 MiB of
    /// memory; a pressure that is over counts for five minutes more.
    func fix(_ node: String) -> String {
        switch self {
        case .pressure("DiskPressure", _):
            """
            make room on \(node), `df -h /var/lib` and `sudo du -xh --max-depth=3 /var | sort -h | tail` show where: \
            the kubelet wants 10 % of its disk free, and 15 % where images lie; five minutes later the node takes pods \
            again, and `kubeforge deploy` can continue
            """
        case .pressure("MemoryPressure", _):
            """
            free memory on \(node), `ps -eo rss,args --sort=-rss | head` shows whose it is; five minutes later the \
            node takes pods again
            """
        case .pressure:
            "end processes on \(node): `ps -e | wc -l` counts them; five minutes later the node takes pods again"
        case .notReady: "see what its kubelet says: `sudo journalctl -u kubelet -n 50` on \(node)"
        case .cordoned: "if it should take pods again: `kubectl uncordon \(node)`"
        case .taint(let taint):
            "remove the taint, if the node should take the service's pods: `kubectl taint nodes \(node) \(taint)-`"
        }
    }
}
