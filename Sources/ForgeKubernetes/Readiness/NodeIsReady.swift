import ForgeCore
import ForgePlan

/// The machine's node object says Ready. Each machine is asked about itself, so one that was set aside holds up nobody.
enum NodeIsReady {
    private static let pressures = ["DiskPressure", "MemoryPressure", "PIDPressure"]

    static func step(for host: Host) -> any Step {
        let look = (host.role == .controlPlane ? HostKubectl.asAdmin : HostKubectl.asNode)(
            """
            get node \(host.name) -o 'jsonpath={range .status.conditions[*]}{.type}={.status} {.message}{\"\\n\"}{end}'
            """
        )
        return WaitUntil(
            "node \(host.name) is Ready", within: .seconds(300), asking: [.command(look)],
            fix: "`kubectl describe node \(host.name)`, and `sudo journalctl -u kubelet -n 50` on \(host.name)",
            cure: {
                $0.command(look).text.split(separator: "\n").contains { $0.hasPrefix("DiskPressure=True") }
                    ? [host.name].roomFix : nil
            },
            notReady: { notReady(host, $0.command(look)) })
    }

    private static func notReady(_ host: Host, _ state: CommandState) -> [Difference] {
        if state.exitCode == 124 { return ["the API server does not answer \(host.name) in time"] }
        let lines = state.text.split(separator: "\n")
        guard lines.contains(where: { $0.hasPrefix("Ready=True") }) else {
            let reason = lines.first { $0.hasPrefix("Ready=") }?.split(separator: " ", maxSplits: 1).last
            return [Difference("\(host.name) is not Ready: \(reason ?? "its node is not registered")")]
        }
        // Under pressure it is Ready, and takes no pods.
        return pressures.flatMap { pressure in lines.filter { $0.hasPrefix("\(pressure)=True") } }.map {
            let words = $0.split(separator: " ", maxSplits: 1)
            return "\(host.name) has \(words[0].prefix { $0 != "=" }), and takes no pods: \(words.last ?? "")"
        }
    }
}

/// Every pod that kubeadm and kubeforge made for the cluster runs; those on nodes that are not Ready count elsewhere.
/// What others put beside them is told, and not waited for.
enum SystemPods {
    static func step(for cni: CNI, and metrics: MetricsServer? = nil) -> any Step {
        let namespaces = ["kube-system", cni.namespace].uniqued()
        let pods = namespaces.map(look).joined(separator: "; ")
        let look = Nodes.look(HostKubectl.asAdmin)
        @Sendable func waiting(_ answers: Answers) -> (own: [Pod], foreign: [Pod], isEmpty: Bool) {
            let unready = Nodes(answers.command(look).text).unready
            let all = Pod.all(answers.command(pods).text)
            let isMeasured = metrics != nil && MetricsServer.owner(answers) == .kubeforge
            let deployments = cni.deployments + (isMeasured ? [MetricsServer.deployment] : [])
            let own = all.filter { $0.isOwn(cni, deployments) }
            func late(_ pods: [Pod]) -> [Pod] { pods.filter { !$0.runs && !unready.contains($0.node) } }
            return (late(own), late(all.filter { !$0.isOwn(cni, deployments) }), own.isEmpty)
        }
        return WaitUntil(
            "the cluster's own pods run", within: .seconds(300),
            asking: [.command(pods), .command(look)] + (metrics == nil ? [] : [.command(MetricsServer.ownerLook)]),
            fix: "`kubectl -n kube-system describe pod NAME` tells more",
            explain: { machine in
                let late = waiting(try await machine.ask([.command(pods), .command(look)])).own
                return try await PodLogs(late.filter { !$0.node.isEmpty }.map(\.name), in: namespaces).ends(on: machine)
            },
            cure: { Nodes($0.command(look).text).full.roomFix },
            remedy: { $0.contains("plugin/loop") ? loopFix : nil },
            notes: { answers, _ in
                waiting(answers).foreign.map {
                    "the pod \($0.name) in kube-system is not the cluster's own, and not waited for: \($0.state)"
                }
            },
            notReady: { answers in
                let (own, _, isEmpty) = waiting(answers)
                if isEmpty { return ["there are no pods yet"] }
                let trouble = own.contains { $0.node.isEmpty } ? Nodes(answers.command(look).text).trouble : []
                return own.map { "\($0.name): \($0.state)" } + trouble.map { Difference($0) }
            })
    }

    /// CoreDNS says no more than that it asks itself.
    private static let loopFix = """
        CoreDNS asks the name servers of its node, and finds itself: `resolvConf` in /var/lib/kubelet/config.yaml of \
        that node names their file, and it must have others than those of 127.0.0.0/8 and ::1; then `sudo systemctl \
        restart kubelet` there, and `kubectl -n kube-system delete pod NAME`
        """

    private static func look(_ namespace: String) -> String {
        let fields =
            """
            {.metadata.name}|{.spec.nodeName}|{.status.phase}|{range \
            .status.conditions[?(@.type==\"Ready\")]}{.status}{end}|{range \
            .status.initContainerStatuses[*]}{.state.waiting.reason} {end}{range \
            .status.containerStatuses[*]}{.state.waiting.reason} {.state.terminated.reason} \
            {end}|{.metadata.ownerReferences[*].kind}|{.metadata.ownerReferences[*].name}
            """
        return HostKubectl.asAdmin("-n \(namespace) get pods -o 'jsonpath={range .items[*]}\(fields){\"\\n\"}{end}'")
    }

    private struct Pod {
        let name: String
        let node: String
        let runs: Bool
        let state: String
        private let kind: String
        private let owner: String
        private let hasFailed: Bool

        /// Without those that have failed and are replaced: after a reboot they stay beside their successors for a long
        /// time.
        static func all(_ text: String) -> [Pod] {
            let pods = text.split(separator: "\n").compactMap(Pod.init)
            let owners = Set(pods.filter { !$0.hasFailed }.map(\.owner))
            return pods.filter { !($0.hasFailed && $0.kind != "Node" && owners.contains($0.owner)) }
        }

        private init?(_ line: Substring) {
            let fields = line.split(separator: "|", omittingEmptySubsequences: false).map(String.init)
            guard fields.count == 7 else { return nil }
            (name, node, kind, owner) = (fields[0], fields[1], fields[5], fields[6])
            // A pod whose first containers have not ended has PodInitializing in all others; the cause is beside it.
            let reasons = fields[4].split(separator: " ").map(String.init).uniqued()
            let causes = reasons.filter { $0 != "PodInitializing" }
            let fallback = fields[1].isEmpty ? "waiting to be scheduled" : reasons.first ?? "\(fields[2]), not ready"
            state = causes.isEmpty ? fallback : causes.joined(separator: ", ")
            // The kubelet (seen: 1.20) says only once a minute whether a static pod is ready; that its containers run
            // must do.
            let isStatic = fields[5] == "Node"
            hasFailed = fields[2] == "Failed"
            runs =
                fields[3] == "True" || fields[2] == "Succeeded" || isStatic && fields[2] == "Running" && reasons.isEmpty
        }

        /// Made by kubeadm or by a manifest of kubeforge's, as its owner tells: labels may be anybody's.
        func isOwn(_ cni: CNI, _ deployments: [String]) -> Bool {
            switch kind {
            case "Node":
                ["etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler"].contains {
                    name == "\($0)-\(node)"
                }
            case "DaemonSet": (["kube-proxy"] + cni.daemonSets).contains(owner)
            case "ReplicaSet": (["coredns"] + deployments).contains { owner.hasPrefix("\($0)-") }
            default: false
            }
        }
    }
}
