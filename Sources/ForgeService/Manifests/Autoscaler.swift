import ForgeCore
import ForgeInventory
import ForgePlan

/// What changes the number of pods by how busy they are.
enum Autoscaler {
    /// It knows that from metrics-server alone.
    static func isMeasured(_ cluster: Cluster) -> Requirement {
        let look = Kubectl(namespace: cluster.service.namespace).look("get", "--raw", "/apis/metrics.k8s.io/v1beta1")
        return Requirement(
            "the cluster measures how busy pods are", asking: [.command(look)],
            fix:
                """
                \(cluster.metricsServer ? "" : "write `metricsServer: true` into the inventory, and ")\
                `kubeforge provision \(cluster.path)` installs metrics-server; or write one number: service: replicas: \
                \(cluster.service.replicas)
                """
        ) { answers in
            let answer = answers.command(look)
            return answer.exitCode == 0
                ? [] : [Difference("nothing serves metrics.k8s.io", silent: answer)]
        }
    }
}

/// No autoscaler of an earlier inventory changes the number of pods.
struct AutoscalerIsGone: Step {
    private let service: Service
    private let kubectl: Kubectl

    init(_ service: Service) {
        self.service = service
        kubectl = Kubectl(namespace: service.namespace)
    }

    var title: String { "the number of \(service.name)'s pods is fixed" }

    var questions: [Question] { [.command(look)] }

    func differences(given answers: Answers) -> [Difference] {
        let answer = answers.command(look)
        guard answer.exitCode == 0 else { return [Difference("the cluster could not be queried", silent: answer)] }
        return answer.text.isEmpty ? [] : [Difference("\(answer.text) changes it")]
    }

    func apply(to machine: Machine) async throws {
        try await machine.run(
            kubectl.command("delete", "horizontalpodautoscaler", "--ignore-not-found", Word(service.name)))
    }

    /// One that kubeforge made; somebody else's was refused before.
    private var look: String {
        kubectl.look(
            "get", "horizontalpodautoscalers", "--selector",
            "app.kubernetes.io/name=\(service.name),app.kubernetes.io/managed-by=kubeforge", "--output", "name")
    }
}

/// How many pods the Deployment has, which an autoscaler may have chosen: a deploy does not take them away while they
/// are busy.
package struct CurrentReplicas: Sendable {
    private let service: Service
    private let look: String

    package init(_ service: Service) {
        self.service = service
        look = Kubectl(namespace: service.namespace).look(
            "get", "deployments", "--field-selector", "metadata.name=\(service.name)", "--output",
            "jsonpath={.items[*].spec.replicas}")
    }

    /// None where their number is fixed.
    package var questions: [Question] { service.autoscaling == nil ? [] : [.command(look)] }

    /// The service as it is to be deployed.
    package func service(_ answers: Answers) -> Service {
        guard let scaling = service.autoscaling else { return service }
        var service = service
        let answer = answers.command(look)
        let now = answer.exitCode == 0 ? Int(answer.text, in: scaling.least...max(scaling.least, scaling.most)) : nil
        service.replicas = now ?? service.replicas
        return service
    }
}
