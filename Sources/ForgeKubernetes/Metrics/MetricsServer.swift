import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeTemplates

/// metrics-server as one value: what brings it, and what says that it measures. An autoscaler knows from it how busy
/// pods are.
///
/// Where somebody else serves metrics.k8s.io, or has an object of one of its names, none of its steps changes anything.
struct MetricsServer: Sendable {
    static let deployment = "metrics-server"

    /// What a node runs of it.
    let image: String
    /// All that it is in the cluster.
    let manifest: RemoteFile
    /// What brings it, on the first control plane.
    let steps: [any Step]
    /// That the cluster answers with what it measured.
    let measures: any Step

    init(_ cluster: Cluster, _ templates: Templates) throws(Problem) {
        let version = Self.version(for: cluster.kubernetes)
        let repository = cluster.imageRepository ?? Cluster.Defaults.imageRepository
        image = "\(repository)/metrics-server/metrics-server:v\(version)"
        manifest = RemoteFile(
            "/var/lib/kubeforge/metrics-server.yaml",
            try templates["kubernetes/metrics-server/metrics-server.yaml"].render([
                "image": image.yamlQuoted,
                // Before 0.6 it reads the kubelet's summary.
                "kubeletResource": version.hasPrefix("0.5.") ? "nodes/stats" : "nodes/metrics",
            ]))
        steps = [
            UnlessOthers(FileIs(manifest, title: "metrics-server's manifest is written"), tells: true),
            UnlessOthers(Manifest("metrics-server \(version) is applied", path: manifest.path)),
        ]
        measures = UnlessOthers(
            WaitUntil(
                "metrics-server measures nodes and pods", within: .seconds(120), asking: [.command(Self.availability)],
                fix:
                    """
                    `kubectl -n kube-system logs deployment/\(Self.deployment)` tells more; is 10250/tcp open between \
                    the machines?
                    """
            ) { Self.missing($0.command(Self.availability)) })
    }

    /// The newest release for each Kubernetes, by the table of its README (read at 0.9.0).
    static func version(for kubernetes: Version) -> String {
        switch kubernetes.minor {
        case 34...: "0.9.0"
        case 31...: "0.8.1"
        case 27...: "0.7.2"
        case 25...: "0.6.4"
        default: "0.5.2"
        }
    }

    private static let service = "v1beta1.metrics.k8s.io"

    private static let availability = HostKubectl.asAdmin(
        """
        get apiservices \(service) -o 'jsonpath={range .status.conditions[?(@.type==\"Available\")]}{.status} \
        {.reason}: {.message}{end}'
        """)

    private static func missing(_ state: CommandState) -> [Difference] {
        if state.exitCode != 0 { return [Difference("the cluster says nothing about \(service)")] }
        let words = state.text.split(separator: " ", maxSplits: 1)
        if words.first == "True" { return [] }
        return [Difference("\(service) is not available: \(words.last ?? "it has no status yet")")]
    }
}

extension MetricsServer {
    /// Who has made what is there under its names.
    enum Owner: Sendable, Hashable {
        /// kubeforge, or nothing is there.
        case kubeforge
        /// Somebody else made these: `APIService v1beta1.metrics.k8s.io`.
        case others([String])
        /// The API server did not answer.
        case notKnown
    }

    static func owner(_ answers: Answers) -> Owner {
        let state = answers.command(ownerLook)
        if state.exitCode != 0 { return .notKnown }
        let objects = state.text.split(whereSeparator: \.isNewline).map { $0.split(separator: " ") }
        let others = objects.filter { $0.count == 2 || $0.count == 3 && $0[2] != "kubeforge" }
        return others.isEmpty ? .kubeforge : .others(others.map { "\($0[0]) \($0[1])" })
    }

    /// Prints kind, name and the label that kubeforge's objects have, one object a line, of all that the manifest
    /// names.
    static let ownerLook: String = {
        let names = [
            "apiservices/\(service)", "deployments/\(deployment)", "services/\(deployment)",
            "serviceaccounts/\(deployment)", "clusterroles/system:metrics-server",
            "clusterroles/system:aggregated-metrics-reader", "clusterrolebindings/system:metrics-server",
            "clusterrolebindings/metrics-server:system:auth-delegator", "rolebindings/metrics-server-auth-reader",
        ]
        let path =
            #"{range .items[*]}{.kind} {.metadata.name} {.metadata.labels.app\.kubernetes\.io/managed-by}{"\n"}{end}"#
        return HostKubectl.asAdmin(
            "-n kube-system get \(names.joined(separator: " ")) --ignore-not-found -o 'jsonpath=\(path)'")
    }()
}

/// A step of kubeforge's own metrics-server.
private struct UnlessOthers: Step {
    private let step: any Step
    private let tells: Bool

    /// `tells`: whether it says whose metrics-server is left as it is.
    init(_ step: any Step, tells: Bool = false) {
        self.step = step
        self.tells = tells
    }

    var title: String { step.title }

    var questions: [Question] { step.questions + [.command(MetricsServer.ownerLook)] }

    func differences(given answers: Answers) -> [Difference] {
        if case .others = MetricsServer.owner(answers) { return [] }
        return step.differences(given: answers)
    }

    /// Only who is known not to be somebody else's is changed.
    func apply(to machine: Machine) async throws {
        switch MetricsServer.owner(try await machine.ask([.command(MetricsServer.ownerLook)])) {
        case .kubeforge: try await step.apply(to: machine)
        case .others: return
        case .notKnown:
            throw Problem(
                what: "\(machine.host.name): metrics-server was not changed", why: "its owner could not be determined",
                fix: "run it again")
        }
    }

    func notes(given answers: Answers, on host: Host) -> [String] {
        guard tells, case .others(let objects) = MetricsServer.owner(answers) else { return [] }
        return ["metrics-server stays as it is: kubeforge did not make \(objects.joined(separator: ", "))"]
    }
}
