import ForgeCore
import ForgePlan

/// The Service has an address outside the cluster. Somebody must hand addresses out: a cloud does, bare machines do
/// not.
package struct LoadBalancerAnswers: Step {
    private let service: String
    private let kubectl: Kubectl
    private let node: String
    private let limit: Duration
    private let pause: Duration

    /// `node`: an address at which the NodePort answers meanwhile.
    package init(
        _ service: String, namespace: String, node: String, within limit: Duration = .seconds(30),
        every pause: Duration = .seconds(2)
    ) {
        self.service = service
        self.node = node
        self.limit = limit
        self.pause = pause
        kubectl = Kubectl(namespace: namespace)
    }

    package var title: String { "load balancer gives \(service) an address" }

    package var questions: [Question] { [.command(look)] }

    /// Pending as long as the Service's status has neither an IP address nor a host name.
    package func differences(given answers: Answers) -> [Difference] {
        let ingress = ClusterObject.one(answers.command(look).text)?.status?.loadBalancer?.ingress ?? []
        return ingress.contains { $0.ip != nil || $0.hostname != nil }
            ? [] : ["Service \(service) has no address (pending)"]
    }

    /// Only waits. Throws an `incomplete` problem in the end, since the service answers at its NodePort meanwhile.
    package func apply(to machine: Machine) async throws {
        var answers = Answers()
        let isThere = try await machine.poll(within: limit, every: pause) {
            answers = try await machine.ask(questions)
            return differences(given: answers).isEmpty
        }
        guard isThere else { throw pending(on: machine.host, answers) }
    }

    private func pending(on host: Host, _ answers: Answers) -> Problem {
        let port = ClusterObject.one(answers.command(look).text)?.spec?.ports?.first?.nodePort
        let meanwhile = port.map { "\nit answers at http://\(node):\($0) meanwhile" } ?? ""
        return Problem(
            .incomplete, what: "\(host.name): Service \(service) waits for a load balancer's address",
            why: "nothing in this cluster hands out addresses: clouds do, bare machines do not\(meanwhile)",
            fix:
                """
                write `expose: NodePort` under service: in the inventory, or install a load balancer such as MetalLB; \
                then deploy again
                """
        )
    }

    private var look: String { kubectl.line("get", "service", Word(service), "--output", "json") }
}
