import ForgeCore
import ForgeInventory
import ForgePlan

/// Every node that may take the service's pods has the processor that the image is built for. The nodes say so
/// themselves: an inventory may not name all of them.
struct OneArchitecture: PreflightCheck {
    private let builder: Host
    /// Nodes that take no pods.
    private let others: Set<String>

    init(_ cluster: Cluster) {
        builder = cluster.firstControlPlane
        others = Set(cluster.hosts.filter { !cluster.takesPods($0) }.map(\.name))
    }

    var title: String { "all nodes that take pods have the processor that images are built for" }

    var questions: [Question] { [.command(Self.built), .command(Self.nodes)] }

    /// What is not known is no difference: nodes and Docker are asked elsewhere whether they answer.
    func differences(given answers: Answers) -> [Difference] {
        let wanted = answers.command(Self.built)
        guard wanted.exitCode == 0, !wanted.text.isEmpty else { return [] }
        return answers.command(Self.nodes).text.split(whereSeparator: \.isNewline).compactMap { line in
            let words = line.split(separator: " ").map(String.init)
            guard words.count >= 2, words[1] != wanted.text, !others.contains(words[0]), words.last != "true" else {
                return nil
            }
            return Difference("\(words[0]) is \(words[1]), and \(builder.name) builds images for \(wanted.text)")
        }
    }

    func finding(_ differences: [Difference], on host: Host) -> Problem {
        Problem(
            what: "\(host.name): not all nodes can run what is built there",
            why: differences.map(\.text).joined(separator: "\n"),
            fix:
                "run the service on nodes with the first control plane's architecture; to keep pods off a node: "
                + "`kubectl cordon NODE`")
    }

    /// Prints the architecture as Go names it: `amd64`, `arm64`.
    private static let built = "docker version --format '{{.Server.Arch}}'"

    /// `NODE ARCHITECTURE`, and `true` after it for a node that takes no new pods.
    private static let nodes = Kubectl(namespace: "default").line(
        "get", "nodes", "--output",
        #"jsonpath={range .items[*]}{.metadata.name} {.status.nodeInfo.architecture} {.spec.unschedulable}{"\n"}{end}"#)
}
