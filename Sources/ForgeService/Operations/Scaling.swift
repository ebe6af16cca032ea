import ForgeCore
import ForgeInventory
import ForgePlan

/// Another number of pods for the service, whatever the inventory says.
package struct Scaling: Sendable {
    private let service: Service
    private let count: Int
    private let kubectl: Kubectl

    package init(_ service: Service, to count: Int) {
        self.service = service
        self.count = count
        kubectl = Kubectl(namespace: service.namespace)
    }

    /// Everything that shall be true, for the release that the cluster runs now. `host`: the first control plane.
    package func plan(on host: Host, over transport: any Transport) async throws -> Plan {
        if let scaling = service.autoscaling {
            throw Problem(
                .usage, what: "the number of \(service.name)'s pods is set by the autoscaler",
                why: "it keeps it between \(scaling.least) and \(scaling.most)",
                fix: "change min: and max: of service: replicas: in the inventory, and deploy")
        }
        let answer = try await transport.ask([.command(look)], of: host).command(look)
        guard answer.exitCode == 0 else { throw Problem(silent: host.name, answer) }
        guard let release = try runningRelease(answer.text, host) else {
            throw Problem(notDeployed: service, host.name)
        }
        let steps: [any Step] =
            [ReplicasAre(count, of: service)]
            + when(count > 0, RolloutIsComplete(release, replicas: count, namespace: service.namespace))
            + [noMorePods]
        return Plan(
            stages: [Stage("the service has \(count) \(count == 1 ? "pod" : "pods")", on: [host]) { _ in steps }],
            essential: [host.name])
    }

    /// What to do next, line by line. `inventory`: its path; `argument`: what follows a command that takes the same
    /// inventory.
    package func next(inventory: String, argument: String) -> [String] {
        let lasting = "or the next deploy goes back to \(service.replicas)"
        if count == 0 {
            return [
                "kubeforge scale \(service.replicas)\(argument)   (nothing answers until then; a deploy does that, too)"
            ]
        }
        let change = "write `replicas: \(count)` under service: in \(inventory), \(lasting)"
        return (count == service.replicas ? [] : [change]) + ["kubeforge smoke-test\(argument)"]
    }

    private func runningRelease(_ json: String, _ host: Host) throws(Problem) -> Release? {
        guard let image = ClusterObject.one(json)?.spec?.template?.spec.containers.first?.image else { return nil }
        guard let release = Release(reference: image, name: service.name) else {
            throw Problem(
                what: "\(host.name): Deployment \(service.name) runs \(image), which is not a release of kubeforge",
                fix:
                    """
                    scale it as you made it: `kubectl -n \(service.namespace) scale deployment \(service.name) \
                    --replicas=\(count)`
                    """
            )
        }
        return release
    }

    /// A pod that is told to end still answers for a while, and takes its memory until then.
    private var noMorePods: WaitUntil {
        let pods = kubectl.line(
            "get", "pods", "--selector", "app.kubernetes.io/name=\(service.name)", "--output", "json")
        let title =
            count == 0 ? "no pod of \(service.name) is left" : "no more pods of \(service.name) than \(count) are left"
        return WaitUntil(
            title, within: .seconds(120), asking: [.command(pods)],
            fix: "see what keeps them: `kubectl -n \(service.namespace) describe pods`"
        ) { [count] answers in
            let found = ClusterObject.list(answers.command(pods).text)
            let alive = found.filter { !["Succeeded", "Failed"].contains($0.status?.phase ?? "") }.count
            return alive <= count ? [] : ["\(alive) \(alive == 1 ? "pod is" : "pods are") there"]
        }
    }

    private var look: String {
        kubectl.look("get", "deployment", Word(service.name), "--ignore-not-found", "--output", "json")
    }
}

/// The Deployment wants that many pods.
struct ReplicasAre: Step {
    private let count: Int
    private let service: Service
    private let kubectl: Kubectl

    init(_ count: Int, of service: Service) {
        self.count = count
        self.service = service
        kubectl = Kubectl(namespace: service.namespace)
    }

    var title: String { "\(service.name) is scaled to \(count) \(count == 1 ? "replica" : "replicas")" }

    var questions: [Question] { [.command(look)] }

    func differences(given answers: Answers) -> [Difference] {
        let answer = answers.command(look)
        guard answer.exitCode == 0 else { return [Difference("the cluster could not be queried", silent: answer)] }
        let found = answer.text.trimming(while: \.isWhitespace)
        return found == "\(count)" ? [] : [Difference("replicas", from: found.isEmpty ? "unknown" : found, to: count)]
    }

    func apply(to machine: Machine) async throws {
        try await machine.run(kubectl.command("scale", "deployment/\(service.name)", "--replicas=\(count)"))
    }

    private var look: String {
        kubectl.look("get", "deployment", Word(service.name), "--output", "jsonpath={.spec.replicas}")
    }
}
