import ForgeCore
import ForgePlan

/// The bridge that a node's pods are on has the network that the pod network gave the node: else no packet finds the
/// way back to them.
enum Bridge {
    /// None where pods are on no bridge.
    static func steps(for host: Host, _ cni: CNI) -> [any Step] {
        guard let look = cni.bridgeLook else { return [] }
        let step = Requirement(
            "the bridge of \(host.name) has the pod network of its node", asking: [.command(look)],
            fix:
                """
                another pod network made it, or this one with another range. When the pods of \(host.name) may \
                restart: `kubectl drain \(host.name) --ignore-daemonsets`, `sudo ip link delete cni0` on \(host.name) \
                (the next pod makes it anew), `kubectl uncordon \(host.name)`
                """
        ) { answers in
            let lines = answers.command(look).text.split(separator: "\n").map {
                $0.split(separator: " ").map(String.init)
            }
            func all(_ word: String) -> [String] { lines.filter { $0.count == 2 && $0[0] == word }.map { $0[1] } }
            guard let wanted = all("wanted").first, !all("has").isEmpty, !all("has").contains(wanted) else { return [] }
            return ["cni0 has \(all("has").joined(separator: ", ")), and its node was given \(wanted)"]
        }
        return [step]
    }
}
