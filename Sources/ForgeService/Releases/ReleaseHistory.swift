import ForgeCore

/// What ran when, and what can come back: kept in the cluster, as a ConfigMap beside the ReplicaSets that Kubernetes keeps.
package struct ReleaseHistory: Sendable {
    /// The newest first.
    package let records: [ReleaseRecord]
    /// Of the pods that the Deployment describes now.
    package let running: String?
    /// Pods that shall run now; nil without a Deployment.
    let replicas: Int?
    /// The revision of each template that Kubernetes still has.
    private let revisions: [String: Int]
    private let service: String

    /// Of the ConfigMap.
    static func name(_ service: String) -> String { "\(service)-releases" }

    /// Deployment, ReplicaSets and ConfigMap in one look.
    static func look(_ service: String, namespace: String) -> String {
        Kubectl(namespace: namespace).line(
            "get", "deployments,replicasets,configmaps", "--selector", "app.kubernetes.io/name=\(service)", "--output", "json")
    }

    init(_ json: String, of service: String) {
        let objects = ClusterObject.list(json)
        self.service = service
        records = (objects.first { $0.kind == "ConfigMap" && $0.metadata.name == Self.name(service) }?.data ?? [:])
            .sorted { $0.key > $1.key }.compactMap { ReleaseRecord(json: $0.value) }
        let deployment = objects.first { $0.kind == "Deployment" && $0.metadata.name == service }?.spec
        running = deployment?.template?.digest
        replicas = deployment?.replicas
        let known = objects.filter { $0.kind == "ReplicaSet" }.compactMap { set -> (String, Int)? in
            guard let digest = set.spec?.template?.digest, let text = set.metadata.annotations?[ClusterObject.revision] else { return nil }
            return Int(text).map { (digest, $0) }
        }
        revisions = Dictionary(known) { max($0, $1) }
    }

    /// Releases that can come back, each once, the one that ran last first.
    var past: [(record: ReleaseRecord, release: Release, revision: Int)] {
        var seen: Set<String> = []
        return records.compactMap { record in
            guard seen.insert(record.template).inserted, let revision = revisions[record.template],
                let release = record.release(of: service)
            else { return nil }
            return (record, release, revision)
        }
    }

    func canComeBack(_ record: ReleaseRecord) -> Bool { revisions[record.template] != nil }

    func undo(to revision: Int, namespace: String) -> Command {
        Kubectl(namespace: namespace).command("rollout", "undo", Word("deployment/\(service)"), "--to-revision=\(revision)")
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
