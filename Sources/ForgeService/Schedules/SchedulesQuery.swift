import ForgeCore
import ForgeInventory
import ForgePlan

/// The schedules that the cluster has, as kubectl's JSON tells them.
package struct SchedulesLook: Sendable {
    private let service: Service
    private let kubectl: Kubectl

    package init(_ service: Service) {
        self.service = service
        kubectl = Kubectl(namespace: service.namespace)
    }

    /// One look, for every schedule of the service.
    package var questions: [Question] { [.command(line)] }

    /// Throws with kubectl's own words when the cluster does not answer.
    package func schedules(_ answers: Answers, from host: String) throws(Problem) -> [JobObject] {
        guard let found = found(answers) else { throw Problem(silent: host, answers.command(line)) }
        return found
    }

    /// As a difference, that the cluster does not answer.
    func silence(_ answers: Answers) -> Difference {
        Difference("the cluster could not be asked for schedules", silent: answers.command(line))
    }

    /// nil when the cluster does not answer.
    func found(_ answers: Answers) -> [JobObject]? {
        let answer = answers.command(line)
        guard answer.exitCode == 0 else { return nil }
        return JobObject.list(answer.text)?.sorted { $0.name < $1.name }
    }

    private var line: String {
        kubectl.look(
            "get", "cronjobs", "--selector",
            "app.kubernetes.io/managed-by=kubeforge,app.kubernetes.io/name=\(JobKind.batch.label(service))", "--output",
            "json")
    }
}
