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
