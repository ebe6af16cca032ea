import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeTemplates

/// From rows to answers in a directory: the table of contents of `kubeforge batch run`.
package enum BatchPlan {
    /// `isFollowed`: whether lines of the pods' logs are told while the plan runs. Throws what is wrong with a
    /// template.
    package static func make(
        cluster: Cluster, run: BatchRun, templates: Templates, results: Directory, isFollowed: Bool
    ) throws(Problem) -> Plan {
        let manifests = try BatchManifests(run, templates: templates)
        let first = [cluster.firstControlPlane]
        return Plan(
            stages: [
                Stage("earlier batch runs are removed", on: first) { _ in [OldRunsAreRemoved(run.service, .batch)] },
                Stage("input is uploaded", on: first) { _ in
                    [CoordinatorIsReady(run, manifest: manifests.coordinator), InputIsUploaded(run)]
                },
                Stage("predictions are complete", on: first) { _ in
                    [ShardsAreComplete(run, manifests: manifests, isFollowed: isFollowed)]
                },
                Stage("results are downloaded", on: first) { _ in [ResultsAreDownloaded(run, directory: results)] },
            ], essential: [cluster.firstControlPlane.name])
    }
}

/// One batch run: its rows, its shards, and the names of all that it has in the cluster.
package struct BatchRun: Sendable, Hashable {
    /// The inventory's service, whose namespace the run's objects are in.
    package let service: Service
    /// `inference-batch-20261121-151732`: the name of its Job or the beginning of its Jobs' names, and a label of all
    /// that is its own.
    package let name: String
    /// Where the rows come from: the image, an address, or a file of the operator's.
    package let input: BatchInput
    /// What its results are like.
    package let output: BatchOutput
    /// Pods that each answer a part of the rows.
    package let shards: Int
    /// The image of the release that the Deployment runs, so that batch answers as online does.
    package let image: String
    /// The Secret that it is pulled with.
    let pullSecret: String
    /// The proxy of the cluster, for a pod that fetches from outside.
    let proxy: Proxy?
    /// The models of that release; nil for models in the image.
    let models: ModelVersion?
    /// One Job with numbered pods, as Kubernetes has them from 1.24 on; otherwise a Job for each shard.
    let isIndexed: Bool

    /// `time`: digits and dashes that no other run has.
    package init(
        of cluster: Cluster, input: BatchInput, output: BatchOutput = BatchOutput(), shards: Int,
        release: DeployedRelease, time: String
    ) {
        service = cluster.service
        name = Self.name(service, time: time)
        self.input = input
        self.output = output
        self.shards = shards
        image = release.image
        models = release.models
        pullSecret = release.pullSecret ?? PullSecret.name(of: cluster)
        proxy = cluster.outgoing
        isIndexed = shards > 1 && cluster.kubernetes.isAtLeast(1, 24)
    }

    /// `inference-batch-20261121-151732`; see `Service.shortName` for a long service name.
    package static func name(_ service: Service, time: String) -> String { "\(JobKind.batch.prefix(service))-\(time)" }

    var coordinator: String { name + "-coordinator" }

    /// Whether its image must be able to read or write Parquet, as far as this computer can tell.
    var needsParquet: Bool {
        if case .file(_, _, .parquet) = input { return true }
        return output.isParquet
    }

    /// One Job per shard, but for an Indexed one.
    var jobs: [String] { isIndexed || shards == 1 ? [name] : (0..<shards).map { "\(name)-\($0)" } }
}

/// What a run's results are like.
package struct BatchOutput: Sendable, Hashable {
    /// The columns of the input that predictions have, too, as they were typed: `customer,plan`, or `all`.
    package let keep: String?
    /// Whether the answers are a Parquet file.
    package let isParquet: Bool

    package init(keep: String? = nil, isParquet: Bool = false) {
        self.keep = keep
        self.isParquet = isParquet
    }

    /// The file with the answers.
    package var table: String { isParquet ? "predictions.parquet" : "predictions.csv" }

    /// The one that a run of the other kind has left.
    package var otherTable: String { isParquet ? "predictions.csv" : "predictions.parquet" }

    /// The options as coordinator.py and inference.py take them.
    var arguments: [String] { (keep.map { [Self.keeping + $0] } ?? []) + (isParquet ? [Self.parquet] : []) }

    static let keeping = "--keep="
    static let parquet = "--parquet"
}
