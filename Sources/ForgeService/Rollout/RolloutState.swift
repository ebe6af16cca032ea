import ForgeCore
import ForgePlan

/// How far a rollout is: the Deployment, and the pods of its newest ReplicaSet.
struct RolloutState: Sendable {
    let deployment: ClusterObject?
    /// Of the newest ReplicaSet only: the pods of an earlier, broken release say nothing about this one.
    let pods: [ClusterObject]
    /// The newest ReplicaSet, once the controller has made it.
    let replicaSet: String?

    /// `objects`: the Deployment, ReplicaSets and Pods of the service.
    init(_ objects: [ClusterObject]) {
        deployment = objects.first { $0.kind == "Deployment" }
        let revision = deployment?.metadata.annotations?[ClusterObject.revision]
        let set = objects.first {
            $0.kind == "ReplicaSet" && revision != nil && $0.metadata.annotations?[ClusterObject.revision] == revision
        }
        replicaSet = set?.metadata.name
        pods = objects.filter { pod in
            pod.kind == "Pod" && pod.metadata.deletionTimestamp == nil
                && pod.metadata.ownerReferences?.contains { $0.name == set?.metadata.name } == true
        }
    }

    /// What keeps the release from being complete, first things first.
    func differences(from wanted: Release, of name: String, replicas: Int) -> [Difference] {
        guard let deployment else { return ["there is no Deployment \(name)"] }
        let image = deployment.spec?.template?.spec.containers.first?.image ?? "nothing"
        if image != wanted.reference { return [Difference("image", from: image, to: wanted.reference)] }
        return Self.unfinished(deployment, replicas)
    }

    private static func unfinished(_ deployment: ClusterObject, _ replicas: Int) -> [Difference] {
        let status = deployment.status
        if (status?.observedGeneration ?? 0) < (deployment.metadata.generation ?? 0) {
            return ["the controller has not observed the new Deployment yet"]
        }
        let counts = [status?.replicas, status?.updatedReplicas, status?.availableReplicas].map {
            Int(Double($0 ?? 0), in: .counts)
        }
        let (all, updated, available) = (counts[0], counts[1], counts[2])
        var found: [Difference] = []
        if updated < replicas { found.append("\(updated) of \(replicas) pods are of this release") }
        if all > updated {
            found.append(
                """
                \(all - updated) \(all - updated == 1 ? "pod" : "pods") of another release still \
                \(all - updated == 1 ? "runs" : "run")
                """
            )
        }
        if available < replicas { found.append("\(available) of \(replicas) pods are available") }
        return found
    }
}
