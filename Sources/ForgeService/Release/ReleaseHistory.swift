import ForgeCore
import ForgePlan
import ForgeTemplates
import Foundation

/// What ran when, and what can be restored: kept in the cluster, as a ConfigMap beside the ReplicaSets that Kubernetes
/// keeps.
package struct ReleaseHistory: Sendable {
    /// The newest first.
    package let records: [ReleaseRecord]
    /// The digest of the pods that the Deployment describes now.
    package let running: String?
    /// Pods that shall run now; nil without a Deployment.
    let replicas: Int?
    /// Each template that Kubernetes still has.
    private let kept: [String: RetainedRevision]
    /// The revision that the Deployment replaces with what it describes now; nil once that has been complete.
    private let replaced: Int?
    private let service: String

    /// The name of the ConfigMap.
    static func name(_ service: String) -> String { "\(service)-releases" }

    /// Deployment, ReplicaSets and ConfigMap in one query.
    static func look(_ service: String, namespace: String) -> String {
        Kubectl(namespace: namespace).look(
            "get", "deployments,replicasets,configmaps", "--selector", "app.kubernetes.io/name=\(service)", "--output",
            "json")
    }

    init(_ json: String, of service: String) {
        let objects = ClusterObject.list(json)
        self.service = service
        records = (objects.first { $0.kind == "ConfigMap" && $0.metadata.name == Self.name(service) }?.data ?? [:])
            .sorted { $0.key > $1.key }.compactMap { ReleaseRecord(json: $0.value) }
        let deployment = objects.first { $0.kind == "Deployment" && $0.metadata.name == service }
        running = deployment?.spec?.template?.digest
        replicas = deployment?.spec?.replicas
        replaced = deployment.flatMap { $0.isReplacingPods ? $0.lastRevision(of: objects) : nil }
        let known = objects.filter { $0.isReplicaSet(of: service) }.compactMap { set in
            set.spec?.template?.digest.flatMap { digest in RetainedRevision(set).map { (digest, $0) } }
        }
        kept = Dictionary(known) { $0.revision > $1.revision ? $0 : $1 }
    }

    /// A template as a ReplicaSet keeps it.
    private struct RetainedRevision {
        let revision: Int
        let models: ModelVersion?
        let pullSecret: String?

        init?(_ set: ClusterObject) {
            guard let revision = set.revisionNumber else { return nil }
            self.revision = revision
            models = ModelVersion(set.spec?.template?.spec)
            pullSecret = set.spec?.template?.spec.pullSecret
        }
    }

    /// A release that can be restored: its entry, and what Kubernetes has kept of it.
    struct RestorableRelease {
        let record: ReleaseRecord
        let release: Release
        let revision: Int
        /// nil for models in the image.
        let models: ModelVersion?
        /// The Secret that its image is pulled with.
        let pullSecret: String?
    }

    /// Releases that can be restored, each once, the one that ran last first.
    var past: [RestorableRelease] {
        var seen: Set<String> = []
        return records.compactMap { record in
            guard seen.insert(record.template).inserted, let kept = kept[record.template],
                let release = record.release(of: service)
            else { return nil }
            return RestorableRelease(
                record: record, release: release, revision: kept.revision, models: kept.models,
                pullSecret: kept.pullSecret)
        }
    }

    /// The release that comes back when the rollout of this template fails; nil where there is none.
    ///
    /// The release that was complete last is not given up because its pods are not ready now: a node may be gone.
    /// Where it is just replacing another one, as after a `kubectl rollout undo` that the history does not know, that
    /// one comes back.
    func predecessor(of template: String) -> RestorableRelease? {
        let others = past.filter { $0.record.template != template }
        return wasCompleteLast(template) ? others.first { $0.revision == replaced } : others.first
    }

    func wasCompleteLast(_ template: String) -> Bool { records.first?.template == template }

    func isRestorable(_ record: ReleaseRecord) -> Bool { kept[record.template] != nil }

    func undo(to revision: Int, namespace: String) -> Command {
        Kubectl(namespace: namespace).command(
            "rollout", "undo", Word("deployment/\(service)"), "--to-revision=\(revision)")
    }
}

/// One entry of what ran when.
package struct ReleaseRecord: Codable, Sendable, Hashable {
    /// Complete, as the Deployment names it.
    package var image: String
    /// `Manifests.template`: two releases of one image can differ in how their pods are described.
    package var template: String
    /// When it was complete, by the control plane's clock: `2026-11-21T15:20:00Z`.
    package var at: String
    /// Who brought it: `user@computer`.
    package var by: String
    /// The version of its models in the model store; nil for models in the image.
    package var models: String?
    /// See `Release.rebuilt`.
    package var rebuilt: String?
    /// sha256 of the training data; nil where nobody knows.
    package var data: String?
    /// What each model reaches on the test set, from 0 to 1.
    package var scores: [String: Double]?

    var tag: String { Release.tag(of: image) }

    /// nil when its image is none of that service's.
    func release(of name: String) -> Release? { Release(reference: image, name: name, rebuilt: rebuilt) }

    /// One line, members in the order of their names.
    var json: String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: (try? encoder.encode(self)) ?? Data(), as: UTF8.self)
    }

    init?(json: String) {
        guard let record = OutsideJSON.decode(ReleaseRecord.self, from: json) else { return nil }
        self = record
    }

    package init(
        image: String, template: String, at: String, by: String, models: String? = nil, rebuilt: String? = nil,
        data: String? = nil,
        scores: [String: Double]? = nil
    ) {
        self.image = image
        self.template = template
        self.at = at
        self.by = by
        self.models = models
        self.rebuilt = rebuilt
        self.data = data
        self.scores = scores
    }
}

extension ReleaseHistory {
    /// What ran when, the newest first.
    package var table: Table {
        let models = Set(records.flatMap { ($0.scores ?? [:]).keys }).sorted()
        let hasStore = records.contains { $0.models != nil }
        let isRebuilt = records.contains { $0.rebuilt != nil }
        let columns =
            [
                Table.Column("release", "release"), .init("state", "state"), .init("since", "since"), .init("by", "by"),
                .init("image", "image"),
            ] + (isRebuilt ? [.init("rebuilt", "rebuilt")] : []) + (hasStore ? [.init("models", "models")] : [])
            + [.init("data", "data")]
        return Table(
            of: "release", columns: columns + models.map { .init("score_\($0)", "\($0) score") },
            rows: records.enumerated().map { place, record in
                let score = models.map { model in record.scores?[model].map { "\(($0 * 1000).rounded() / 1000)" } ?? ""
                }
                return [record.tag, state(record, isNewest: place == 0), record.at, record.by, record.image]
                    + (isRebuilt ? [record.rebuilt ?? ""] : [])
                    + (hasStore ? [record.models ?? "image"] : []) + [String((record.data ?? "").prefix(12))] + score
            })
    }

    private func state(_ record: ReleaseRecord, isNewest: Bool) -> String {
        if record.template == running { return isNewest ? "runs" : "ran" }
        return isRestorable(record) ? "restorable" : "removed"
    }
}

extension ClusterObject {
    static let revision = "deployment.kubernetes.io/revision"
    /// See `Manifests.template`.
    static let template = "kubeforge.io/template"

    /// Of a Deployment or a ReplicaSet.
    fileprivate var revisionNumber: Int? { metadata.annotations?[Self.revision].flatMap { Int($0) } }

    /// Whether a Deployment's rollout goes on. Once it has been complete, Kubernetes says so until the next one begins,
    /// whatever becomes of the pods.
    fileprivate var isReplacingPods: Bool {
        let progress = status?.conditions?.first { $0.type == "Progressing" }
        return progress.map { $0.reason != "NewReplicaSetAvailable" } ?? false
    }

    /// What a Deployment described before, among the revisions that are kept of it.
    fileprivate func lastRevision(of objects: [ClusterObject]) -> Int? {
        guard let revisionNumber else { return nil }
        return objects.filter { $0.isReplicaSet(of: metadata.name) }.compactMap(\.revisionNumber)
            .filter { $0 < revisionNumber }.max()
    }

    /// Whether a Deployment of this name made this ReplicaSet: somebody else's may have its label and its revision.
    func isReplicaSet(of deployment: String) -> Bool {
        kind == "ReplicaSet"
            && metadata.ownerReferences?.contains { $0.kind == "Deployment" && $0.name == deployment } == true
    }
}

extension ClusterObject.Spec.Template {
    var digest: String? { metadata?.annotations?[ClusterObject.template] }
}
