import ForgeCore
import ForgeInventory
import ForgePlan

/// The version in the model store that the next deploy takes: that of the last training in the cluster. The cluster
/// keeps it, as an annotation of the history of releases.
package struct NextModelVersion: Sendable {
    private let service: Service
    private let kubectl: Kubectl

    package init(_ service: Service) {
        self.service = service
        kubectl = Kubectl(namespace: service.namespace)
    }

    /// None where models are in the image.
    package var questions: [Question] { service.models == nil ? [] : [.command(look)] }

    /// nil where models are in the image.
    package func models(_ answers: Answers, from host: String) throws(Problem) -> ModelVersion? {
        guard let store = service.models else { return nil }
        let answer = answers.command(look)
        guard answer.exitCode == 0 else { throw Problem(silent: host, answer) }
        return ModelVersion(url: store.url, version: Self.version(answer))
    }

    /// nil before the first training.
    static func version(_ answer: CommandState) -> String? {
        answer.exitCode == 0 && !answer.text.isEmpty ? answer.text : nil
    }

    /// Prints it. A namespace or a history that is not there yet has none.
    var look: String {
        let path = #"{range .items[*]}{.metadata.annotations.kubeforge\.io/models}{end}"#
        return kubectl.look(
            "get", "configmaps", "--field-selector", "metadata.name=\(ReleaseHistory.name(service.name))", "--output",
            Word("jsonpath=\(path)"))
    }

    func keep(_ version: String) -> Command {
        kubectl.command(
            "annotate", "--overwrite", Word("configmap/\(ReleaseHistory.name(service.name))"),
            Word("kubeforge.io/models=\(version)"))
    }
}
