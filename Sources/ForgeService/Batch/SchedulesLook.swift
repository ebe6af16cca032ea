import ForgeCore
import ForgeInventory
import ForgePlan
import Foundation

/// The schedules that the cluster has, as kubectl's JSON tells them.
package struct SchedulesLook: Sendable {
    private let service: Service
    private let kubectl: Kubectl

    package init(_ service: Service) {
        self.service = service
        kubectl = Kubectl(namespace: service.namespace)
    }

    package var questions: [Question] { [.command(line)] }

    /// nil when the cluster does not answer.
    package func found(_ answers: Answers) -> [CronJobObject]? {
        let answer = answers.command(line)
        struct List: Decodable { var items: [CronJobObject] }
        guard answer.exitCode == 0, let list = try? JSONDecoder().decode(List.self, from: Data(answer.text.utf8)) else { return nil }
        return list.items.sorted { $0.metadata.name < $1.metadata.name }
    }

    private var line: String {
        kubectl.line(
            "get", "cronjobs", "--selector",
            "app.kubernetes.io/managed-by=kubeforge,app.kubernetes.io/name=\(JobKind.batch.label(service))", "--output", "json")
    }
}

/// A CronJob, as far as kubeforge reads it.
package struct CronJobObject: Decodable, Sendable, Hashable {
    var metadata: Metadata
    var spec: Spec
    var status: Status?

    struct Metadata: Decodable, Sendable, Hashable { var name: String }

    struct Spec: Decodable, Sendable, Hashable {
        var schedule: String
        var suspend: Bool?
        var jobTemplate: JobTemplate
    }

    struct JobTemplate: Decodable, Sendable, Hashable { var spec: JobSpec }
    struct JobSpec: Decodable, Sendable, Hashable { var template: PodTemplate }
    struct PodTemplate: Decodable, Sendable, Hashable { var spec: PodSpec }
    struct PodSpec: Decodable, Sendable, Hashable {
        var containers: [Container]
        var initContainers: [ClusterObject.Spec.Container]?
    }
    struct Container: Decodable, Sendable, Hashable {
        var image: String
        var command: [String]?
    }

    struct Status: Decodable, Sendable, Hashable {
        var lastScheduleTime: String?
        var active: [Active]?

        struct Active: Decodable, Sendable, Hashable { var name: String? }
    }

    package var name: String { metadata.name }
    package var schedule: String { spec.schedule }
    var container: Container? { spec.jobTemplate.spec.template.spec.containers.first }
    /// The address that it fetches rows from; nil for the image's own.
    package var input: String? {
        guard let command = container?.command, let place = command.firstIndex(of: "--input") else { return nil }
        return command.dropFirst(place + 1).first
    }
    /// nil for models in the image.
    var models: StoredModels? { StoredModels(spec.jobTemplate.spec.template.spec.initContainers) }
    package var image: String { container?.image ?? "" }
    /// `inference:0123456789abcdef`
    package var release: String { String(image.split(separator: "/").last ?? "") }
    /// RFC 3339 in UTC; nil before its first run.
    package var lastRun: String? { status?.lastScheduleTime }
    package var isAtWork: Bool { !(status?.active ?? []).isEmpty }
    package var isSuspended: Bool { spec.suspend == true }
}
