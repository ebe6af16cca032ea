import ForgeCore
import ForgeInventory
import ForgePlan

/// When the image of the release that runs was built anew: a deploy after that builds on it, and does not go back to
/// what was before.
/// The pods' description keeps it, so that a release that comes back brings its own.
package struct LastBuild: Sendable {
    static let annotation = "kubeforge.io/rebuilt"

    private let look: String

    package init(_ service: Service) {
        let path = #"jsonpath={range .items[*]}{.spec.template.metadata.annotations.kubeforge\.io/rebuilt}{end}"#
        look = Kubectl(namespace: service.namespace).look(
            "get", "deployments", "--field-selector", "metadata.name=\(service.name)", "--output", Word(path))
    }

    /// One look at the service's Deployment.
    package var questions: [Question] { [.command(look)] }

    /// See `Release.rebuilt`; nil, too, where the cluster does not say. Then `requirement` does not hold.
    package func time(_ answers: Answers) -> String? {
        let answer = answers.command(look)
        return answer.exitCode == 0 && !answer.text.isEmpty ? answer.text : nil
    }

    /// Holds when it is this time for certain: taken for another, the next release would have the base image of long
    /// ago.
    func requirement(_ time: String?) -> Requirement {
        Requirement("the build of the release that runs is known", asking: questions, fix: "run it again") { answers in
            let answer = answers.command(look)
            guard answer.exitCode == 0 else {
                return [Difference("the cluster does not say what it runs", silent: answer)]
            }
            let now = self.time(answers)
            return now == time ? [] : [Difference("built anew", from: time ?? "never", to: now ?? "never")]
        }
    }
}
