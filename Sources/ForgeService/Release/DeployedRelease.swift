import ForgeCore
import ForgeInventory
import ForgePlan

/// What the Deployment runs now: what batch and training run, too, whatever lies on this computer.
package struct DeployedRelease: Sendable, Hashable {
    /// Complete, with its registry: `10.77.0.11:5443/mlops/inference:0123456789abcdef`.
    package let image: String
    /// nil for models in the image.
    package let models: ModelVersion?
    /// The Secret that its image is pulled with; nil where its pods name none.
    package let pullSecret: String?
    /// Whether its pods keep the rows of the test set to themselves.
    package let examplesArePrivate: Bool
    /// Whether each request needs a token.
    let needsToken: Bool
    /// `http` or `https`
    let scheme: String
    /// The Secret with its tokens and what it speaks TLS with; nil where it has neither.
    let accessSecret: String?

    package init(
        image: String, models: ModelVersion? = nil, pullSecret: String? = nil, examplesArePrivate: Bool = false,
        needsToken: Bool = false, scheme: String = "http", accessSecret: String? = nil
    ) {
        self.image = image
        self.models = models
        self.pullSecret = pullSecret
        self.examplesArePrivate = examplesArePrivate
        self.needsToken = needsToken
        self.scheme = scheme
        self.accessSecret = accessSecret
    }

    /// One query for all of it.
    package struct Look: Sendable {
        private let service: Service
        private let kubectl: Kubectl

        package init(_ service: Service) {
            self.service = service
            kubectl = Kubectl(namespace: service.namespace)
        }

        /// One round trip. Throws where the API server does not answer, and where nothing is deployed.
        package func ask(_ transport: any Transport, of host: Host) async throws -> DeployedRelease {
            try read(try await transport.ask(questions, of: host), from: host.name)
        }

        var questions: [Question] { [.command(deployment)] }

        func read(_ answers: Answers, from host: String) throws(Problem) -> DeployedRelease {
            let answer = answers.command(deployment)
            guard answer.exitCode == 0 else { throw Problem(silent: host, answer) }
            let pod = ClusterObject.one(answer.text)?.spec?.template?.spec
            guard let pod, let image = pod.containers.first?.image else { throw Problem(notDeployed: service, host) }
            return DeployedRelease(
                image: image, models: ModelVersion(pod), pullSecret: pod.pullSecret,
                examplesArePrivate: pod.containers.examplesArePrivate, needsToken: pod.containers.needsToken,
                scheme: pod.containers.scheme, accessSecret: pod.accessSecret)
        }

        /// Prints nothing where there is none: only a query that fails is one that the API server did not answer.
        var deployment: String {
            kubectl.look("get", "deployment", Word(service.name), "--ignore-not-found", "--output", "json")
        }
    }
}

extension [ClusterObject.Spec.Container] {
    /// What `service: examples: private` makes of the service's container.
    var examplesArePrivate: Bool { first?.env?.contains { $0.name == "EXAMPLES" && $0.value == "private" } == true }

    /// What `service: tokens:` makes of it.
    var needsToken: Bool { has("TOKENS_FILE") }

    /// `https` where `service: tls:` is there.
    var scheme: String { has("TLS_CERTIFICATE_FILE") ? "https" : "http" }

    private func has(_ name: String) -> Bool { first?.env?.contains { $0.name == name } == true }
}
