import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeTemplates

/// What `kubeforge train` and `kubeforge push` make true.
package enum TrainingPlan {
    /// `signer`: who signs the models; nil where nobody does. `told` gets the log of the training when it is over and
    /// was not followed.
    package static func make(
        cluster: Cluster, run: TrainingRun, templates: Templates, isFollowed: Bool, signer: ModelSigner? = nil,
        told: @escaping @Sendable (String) -> Void
    ) throws(Problem) -> Plan {
        let store = try StoreSecret(cluster, for: .training)
        let manifest = try run.manifest(templates, secret: store?.name)
        let first = [cluster.firstControlPlane]
        let secret: [any Step] = store.map { [$0] } ?? []
        return Plan(
            stages: [
                Stage("the cluster is free for a \(run.pushed == nil ? "training" : "push")", on: first) { _ in
                    [OldRunsAreRemoved(run.service, .train)] + secret
                },
                Stage(run.pushed == nil ? "the models are trained" : "the models are in the store", on: first) { _ in
                    [
                        TrainingIsComplete(
                            run, manifest: manifest, isFollowed: isFollowed,
                            handover: Handover(run, signer: signer), told: told)
                    ]
                },
                Stage("the models are kept", on: secret.isEmpty ? [] : first) { _ in [ModelsAreRecorded(run)] },
            ].filter { !$0.work.isEmpty }, essential: [cluster.firstControlPlane.name])
    }

    /// What becomes of the models: with the store `image` they end with the pod.
    package static let notKept = """
        these models are not kept: a deploy trains its own into the image (service: models: image)
        """

    /// A release without the model store has no program that could reach it.
    package static func check(_ release: DeployedRelease, _ service: Service) throws(Problem) {
        if service.models != nil, release.models == nil {
            throw Problem(
                what: "the release that runs has its models in its image, and does not know the model store",
                fix: "`kubeforge deploy` makes one that does; then train")
        }
    }
}
