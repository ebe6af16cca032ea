import ForgeCore
import ForgePlan

/// The bridge that a node's pods are on has the network that flannel gave the node: else no packet finds the way back
/// to them.
enum Bridge {
    static func step(for host: Host) -> any Step {
        Requirement(
            "the bridge of \(host.name) has the pod network of its node", asking: [.command(look())],
            fix:
                "another pod network made it, or this one with another range. When the pods of \(host.name) may restart: `kubectl drain \(host.name) "
                + "--ignore-daemonsets`, `sudo ip link delete cni0` on \(host.name) (the next pod makes it anew), `kubectl uncordon \(host.name)`"
        ) { answers in
            let lines = answers.command(look()).text.split(separator: "\n").map {
                $0.split(separator: " ").map(String.init)
            }
            func all(_ word: String) -> [String] { lines.filter { $0.count == 2 && $0[0] == word }.map { $0[1] } }
            guard let wanted = all("wanted").first, !all("has").isEmpty, !all("has").contains(wanted) else { return [] }
            return ["cni0 has \(all("has").joined(separator: ", ")), and flannel gave \(host.name) \(wanted)"]
        }
    }

    /// Before the first pod of a node there is no bridge.
    static func look(below root: String = "") -> String {
        """
        subnet=$(sed -n 's/^FLANNEL_SUBNET=//p' \(root)/run/flannel/subnet.env 2>/dev/null) || exit 0
        echo "wanted $subnet"
        ip -o -4 addr show dev cni0 2>/dev/null | while read -r number name family address rest; do echo "has $address"; done
        """
    }
}
