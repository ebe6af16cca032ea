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

    /// One query, for every schedule of the service.
    package var questions: [Question] { [.command(line)] }

    /// Throws with kubectl's own words when the cluster does not answer.
    package func schedules(_ answers: Answers, from host: String) throws(Problem) -> [JobObject] {
        guard let found = found(answers) else { throw Problem(silent: host, answers.command(line)) }
        return found
    }

    /// The difference that says that the cluster does not answer.
    func silence(_ answers: Answers) -> Difference {
        Difference("the cluster could not be queried for schedules", silent: answers.command(line))
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

/// What a CronJob says of the batch runs that it begins.
extension JobObject {
    /// The object's name in its namespace.
    package var name: String { metadata.name }

    /// `0 2 * * *`
    package var schedule: String { spec?.schedule ?? "" }

    /// How its time zone differs from the one that it shall name; nil where it does not, or shall name none.
    func change(_ subject: String, to zone: String?) -> Difference? {
        guard let zone, spec?.timeZone != zone else { return nil }
        return Difference(subject, from: spec?.timeZone ?? "that of the controller manager", to: zone)
    }

    /// Whether somebody has stopped it from beginning pods or runs; kubeforge never does.
    package var isSuspended: Bool { spec?.suspend == true }

    /// RFC 3339 in UTC; nil before its first run.
    package var lastRun: String? { status?.lastScheduleTime }

    /// Whether a run that it began has not ended yet.
    package var isAtWork: Bool { (status?.active?.count ?? 0) > 0 }

    /// The address that it fetches rows from, as `BatchInput.shown` has it; nil for the image's own.
    package var input: String? { metadata.annotations?[Schedule.input] ?? openAddress.map(BatchInput.shown) }

    /// The whole address, where its command has it: a schedule from before addresses were in Secrets.
    var openAddress: String? {
        guard let place = command.firstIndex(of: "--input") else { return nil }
        return command.dropFirst(place + 1).first
    }

    /// What its predictions are like.
    var output: BatchOutput {
        let keep = command.first { $0.hasPrefix(BatchOutput.keeping) }
        return BatchOutput(
            keep: keep.map { String($0.dropFirst(BatchOutput.keeping.count)) },
            isParquet: command.contains(BatchOutput.parquet))
    }

    /// Complete, with its registry; empty where the object has no container.
    package var image: String { container?.image ?? "" }

    /// `inference:0123456789abcdef`
    package var release: String { String(image.split(separator: "/").last ?? "") }

    /// nil for models in the image.
    var models: ModelVersion? {
        spec.flatMap { spec in
            ModelVersion(
                spec.jobTemplate.map {
                    .init(
                        containers: [], initContainers: $0.spec.template.spec.initContainers,
                        volumes: $0.spec.template.spec.volumes)
                })
        }
    }

    /// The Secret that its image is pulled with; nil where its pods name none.
    var pullSecret: String? { spec?.jobTemplate?.spec.template.spec.imagePullSecrets?.first?.name }

    /// What its pods run, as a command.
    var command: [String] { container?.command ?? [] }

    private var container: Spec.Container? { spec?.jobTemplate?.spec.template.spec.containers.first }
}
