import ForgeCore
import ForgePlan

/// Every pod of kube-system and of the pod network runs; those on nodes that are not Ready count elsewhere.
enum SystemPods {
    static func step(for cni: String) -> any Step {
        let pods = look("kube-system") + "; " + look("kube-\(cni)")
        let nodes = Kubectl.asAdmin(
            "get nodes -o 'jsonpath={range .items[*]}{.metadata.name}={range .status.conditions[?(@.type==\"Ready\")]}{.status}{end}{\"\\n\"}{end}'"
        )
        return Until(
            "the cluster's own pods run", within: .seconds(300), asking: [.command(pods), .command(nodes)],
            fix: "`kubectl -n kube-system describe pod NAME` tells more"
        ) { answers in
            let unready = Set(
                answers.command(nodes).text.split(separator: "\n").filter { !$0.hasSuffix("=True") }.map { String($0.prefix { $0 != "=" }) }
            )
            let lines = answers.command(pods).text.split(separator: "\n").compactMap(Pod.init)
            if lines.isEmpty { return ["no pod is there yet"] }
            return lines.filter { !$0.runs && !unready.contains($0.node) }.map { "\($0.name): \($0.state)" }
        }
    }

    private static func look(_ namespace: String) -> String {
        let fields =
            "{.metadata.name}|{.spec.nodeName}|{.status.phase}|{range .status.conditions[?(@.type==\"Ready\")]}{.status}{end}|"
            + "{range .status.initContainerStatuses[*]}{.state.waiting.reason} {end}{range .status.containerStatuses[*]}{.state.waiting.reason} {.state.terminated.reason} {end}"
            + "|{.metadata.ownerReferences[*].kind}"
        return Kubectl.asAdmin("-n \(namespace) get pods -o 'jsonpath={range .items[*]}\(fields){\"\\n\"}{end}'")
    }

    private struct Pod {
        let name: String
        let node: String
        let runs: Bool
        let state: String

        init?(_ line: Substring) {
            let fields = line.split(separator: "|", omittingEmptySubsequences: false).map(String.init)
            guard fields.count == 6 else { return nil }
            (name, node) = (fields[0], fields[1])
            // A pod whose first containers have not ended has PodInitializing in all others; the cause is beside it.
            let reasons = fields[4].split(separator: " ").map(String.init).uniqued()
            let causes = reasons.filter { $0 != "PodInitializing" }
            let fallback = fields[1].isEmpty ? "waits for a node" : reasons.first ?? "\(fields[2]), not ready"
            state = causes.isEmpty ? fallback : causes.joined(separator: ", ")
            // The kubelet (seen: 1.20) says only once a minute whether a static pod is ready; that its containers run must do.
            let isStatic = fields[5] == "Node"
            runs = fields[3] == "True" || fields[2] == "Succeeded" || isStatic && fields[2] == "Running" && reasons.isEmpty
        }
    }
}
