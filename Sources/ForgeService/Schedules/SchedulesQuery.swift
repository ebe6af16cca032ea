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

    /// nil when the cluster does not answer.
    package func found(_ answers: Answers) -> [JobObject]? {
        let answer = answers.command(line)
        guard answer.exitCode == 0 else { return nil }
        return JobObject.list(answer.text)?.sorted { $0.name < $1.name }
    }

    private var line: String {
        kubectl.line(
            "get", "cronjobs", "--selector",
            "app.kubernetes.io/managed-by=kubeforge,app.kubernetes.io/name=\(JobKind.batch.label(service))", "--output",
            "json")
    }
}
