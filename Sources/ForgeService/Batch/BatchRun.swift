import ForgeCore
import ForgeInventory

/// One batch run: its rows, its shards, and the names of all that it has in the cluster.
package struct BatchRun: Sendable, Hashable {
    package let service: Service
    /// `inference-batch-20261121-151732`: the name of its Job or the beginning of its Jobs' names, and a label of all that is its own.
    package let name: String
    package let input: BatchInput
    /// Pods that each answer a part of the rows.
    package let shards: Int
    /// Of the release that the Deployment runs, so that batch says what online says.
    package let image: String
    /// One Job with numbered pods, as Kubernetes has them from 1.24 on; otherwise a Job for each shard.
    let isIndexed: Bool

    /// `time`: digits and dashes that no other run has.
    package init(of cluster: Cluster, input: BatchInput, shards: Int, image: String, time: String) {
        service = cluster.service
        name = Self.name(service, time: time)
        self.input = input
        self.shards = shards
        self.image = image
        isIndexed = shards > 1 && cluster.kubernetes.isAtLeast(1, 24)
    }

    package static func name(_ service: Service, time: String) -> String { "\(JobKind.batch.prefix(service))-\(time)" }

    var courier: String { name + "-courier" }

    /// One Job per shard, but for an Indexed one.
    var jobs: [String] { isIndexed || shards == 1 ? [name] : (0..<shards).map { "\(name)-\($0)" } }
}

/// What a Job is for, as its label `app.kubernetes.io/name` says. It is never the service's own name: its Service would send it requests.
package enum JobKind: String, Sendable, Hashable {
    case batch, train, courier

    func label(_ service: Service) -> String { "\(service.name)-\(rawValue)" }

    /// The beginning of a name that has room for a time and a shard's number: pods take at most 63 characters.
    func prefix(_ service: Service) -> String { "\(service.name.prefix(28))-\(rawValue)" }
}

extension Release {
    /// The tag in a reference: `0123456789abcdef` of `docker.io/library/inference:0123456789abcdef`.
    static func tag(of image: String) -> String { String(image.split(separator: ":").last ?? "") }
}
