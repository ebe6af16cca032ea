import ForgeCore

/// What ran when, and what can be restored: kept in the cluster, as a ConfigMap beside the ReplicaSets that Kubernetes
/// keeps.
package struct ReleaseHistory: Sendable {
    /// The newest first.
    package let records: [ReleaseRecord]
    /// Of the pods that the Deployment describes now.
    package let running: String?
    /// Pods that shall run now; nil without a Deployment.
    let replicas: Int?
    /// Each template that Kubernetes still has.
    private let kept: [String: RetainedRevision]
    private let service: String

    /// Of the ConfigMap.
    static func name(_ service: String) -> String { "\(service)-releases" }

    /// Deployment, ReplicaSets and ConfigMap in one look.
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
        let deployment = objects.first { $0.kind == "Deployment" && $0.metadata.name == service }?.spec
        running = deployment?.template?.digest
        replicas = deployment?.replicas
        let known = objects.filter { $0.kind == "ReplicaSet" }.compactMap { set in
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
            guard let revision = set.metadata.annotations?[ClusterObject.revision].flatMap({ Int($0) }) else {
                return nil
            }
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

    func isRestorable(_ record: ReleaseRecord) -> Bool { kept[record.template] != nil }

    func undo(to revision: Int, namespace: String) -> Command {
        Kubectl(namespace: namespace).command(
            "rollout", "undo", Word("deployment/\(service)"), "--to-revision=\(revision)")
    }
}

extension ClusterObject {
    static let revision = "deployment.kubernetes.io/revision"
    /// See `Manifests.template`.
    static let template = "kubeforge.io/template"
}

extension ClusterObject.Spec.Template {
    var digest: String? { metadata?.annotations?[ClusterObject.template] }
}
