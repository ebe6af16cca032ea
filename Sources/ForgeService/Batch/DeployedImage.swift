import ForgeCore
import ForgeInventory
import ForgePlan

/// The image that the Deployment runs now: what batch and training run, too, whatever lies on this computer.
package struct DeployedImage: Sendable {
    private let service: Service
    private let kubectl: Kubectl

    package init(_ service: Service) {
        self.service = service
        kubectl = Kubectl(namespace: service.namespace)
    }

    package func ask(_ transport: any Transport, of host: Host) async throws -> String {
        try read(try await transport.ask(questions, of: host), from: host.name)
    }

    var questions: [Question] { [.command(sign), .command(look)] }

    func read(_ answers: Answers, from host: String) throws(Problem) -> String {
        guard answers.command(sign).exitCode == 0 else { throw Problem(silent: host, answers.command(sign).text) }
        let image = answers.command(look).text
        guard answers.command(look).exitCode == 0, !image.isEmpty else { throw Problem(notDeployed: service, host) }
        return image
    }

    /// Whether the API answers at all: a cluster that is down has not lost its service.
    private var sign: String { kubectl.line("get", "--raw", "/readyz") + " 2>&1" }

    var look: String {
        kubectl.line("get", "deployment", Word(service.name), "--output", "jsonpath={.spec.template.spec.containers[0].image}")
    }
}
