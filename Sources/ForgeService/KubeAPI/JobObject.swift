import Foundation

/// What kubeforge reads of a Job or CronJob in kubectl's JSON; `batch/v1` and `batch/v1beta1` agree in it.
package struct JobObject: Decodable, Sendable {
    var kind: String
    var metadata: Metadata
    var spec: Spec?
    var status: Status?

    struct Metadata: Decodable, Sendable {
        var name: String
        var creationTimestamp: String?
        var labels: [String: String]?
        var annotations: [String: String]?
        var ownerReferences: [Owner]?

        struct Owner: Decodable, Sendable { var kind: String }
    }

    struct Spec: Decodable, Sendable {
        var completions: Int?
        var parallelism: Int?
        var suspend: Bool?
        var schedule: String?
        var timeZone: String?
        /// The Jobs that a CronJob will begin.
        var jobTemplate: JobTemplate?

        struct JobTemplate: Decodable, Sendable { var spec: JobSpec }
        struct JobSpec: Decodable, Sendable { var template: PodTemplate }
        struct PodTemplate: Decodable, Sendable { var spec: PodSpec }
        struct PodSpec: Decodable, Sendable {
            var containers: [Container]
            var initContainers: [ClusterObject.Spec.Container]?
            var volumes: [ClusterObject.Spec.Volume]?
            var imagePullSecrets: [ClusterObject.Spec.Reference]?
        }
        struct Container: Decodable, Sendable {
            var image: String
            var command: [String]?
            var env: [ClusterObject.Spec.Variable]?
        }
    }

    struct Status: Decodable, Sendable {
        var succeeded: Int?
        var failed: Int?
        var startTime: String?
        var completionTime: String?
        var conditions: [ClusterObject.Condition]?
        var lastScheduleTime: String?
        var active: Active?
    }

    /// What is at work: a Job counts its pods, a CronJob names its Jobs.
    struct Active: Decodable, Sendable {
        let count: Int

        init(from decoder: any Decoder) throws {
            struct Job: Decodable {}
            let value = try decoder.singleValueContainer()
            count = try (try? value.decode(Int.self)) ?? value.decode([Job].self).count
        }
    }

    /// nil when it is not such JSON.
    static func list(_ json: String) -> [JobObject]? {
        ObjectList<JobObject>.items(json)
    }

    /// The Jobs among the objects; none when it is not such JSON.
    static func jobs(_ json: String) -> [JobObject] { (list(json) ?? []).filter { $0.kind == "Job" } }

    var isComplete: Bool { condition("Complete") != nil }

    /// Why the controller gave it up; nil as long as it did not.
    var failure: String? { condition("Failed").map { $0.message ?? "it failed" } }

    var isFinished: Bool { isComplete || condition("Failed") != nil }

    /// The condition of this type that holds.
    func condition(_ type: String) -> ClusterObject.Condition? {
        status?.conditions?.first { $0.type == type && $0.status == "True" }
    }
}

extension Date {
    /// `2026-11-21T15:17:32Z`, as Kubernetes writes it.
    init?(kubernetes text: String?) {
        guard let text, let date = try? Date(text, strategy: .iso8601) else { return nil }
        self = date
    }
}
