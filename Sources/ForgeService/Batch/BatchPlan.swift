import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeTemplates

/// From rows to answers in a folder: the table of contents of `kubeforge batch run`.
package enum BatchPlan {
    package static func make(
        cluster: Cluster, run: BatchRun, templates: Templates, results: Folder, isFollowed: Bool
    ) throws(Problem) -> Plan {
        let manifests = try BatchManifests(run, templates: templates)
        let first = [cluster.firstControlPlane]
        return Plan(
            stages: [
                Stage("the cluster is free for a run", on: first) { _ in [RunsAreCleared(run.service, .batch)] },
                Stage("the rows are in the cluster", on: first) { _ in
                    [CourierAnswers(run, manifest: manifests.courier), InputIsThere(run)]
                },
                Stage("the rows are answered", on: first) { _ in [ShardsAreDone(run, manifests: manifests, isFollowed: isFollowed)] },
                Stage("the answers are here", on: first) { _ in [ResultsAreHere(run, folder: results)] },
            ], essential: [cluster.firstControlPlane.name])
    }
}
