import ForgeCore
import ForgeInventory
import ForgePlan

/// Where the predictions of a schedule stay: a directory of the model store, which gets one for each run (delivery.py).
package struct PredictionsPlace: Sendable, Hashable {
    /// The store's: `sftp://user@host[:port]/path`
    let store: String
    /// In the store: `predictions/inference-batch-weekly`
    let directory: String
    /// The name of the Secret with what lets pods write there.
    let secret: String

    /// `sftp://models@store.example.org/srv/models/predictions/inference-batch-weekly`
    package var address: String { "\(store)/\(directory)" }

    /// nil where the inventory names no model store, or the release knows none: its image has nothing to reach it with.
    /// `schedule`: the CronJob's name. `models`: the release's. `secret`: nil for the one that releases had from before
    /// it was named by its content.
    init?(of schedule: String, _ service: Service, models: ModelVersion?, secret: String?) {
        guard let store = service.models, models != nil else { return nil }
        self.store = store.url
        self.secret = secret ?? StoreSecret.name(service)
        directory = "predictions/\(schedule)"
    }

    /// As a CronJob says it; nil where it says nothing of it.
    fileprivate init?(_ schedule: JobObject) {
        let pod = schedule.spec?.jobTemplate?.spec.template.spec
        let variables = pod?.containers.first?.env ?? []
        func value(_ name: String) -> String? { variables.first { $0.name == name }?.value }
        let volume = (pod?.volumes ?? []).first { $0.name == Self.volume }
        guard let store = value("MODEL_STORE"), let directory = value(Self.variable),
            let secret = volume?.secret?.secretName
        else { return nil }
        (self.store, self.directory, self.secret) = (store, directory, secret)
    }

    /// What a schedule's pods have for it.
    var parts: PodParts {
        ModelStoreParts.write(to: store, by: secret, volume: Self.volume)
            + PodParts(variables: [.init(name: Self.variable, value: directory)])
    }

    /// nil where they stay the same.
    static func change(_ subject: String, from old: PredictionsPlace?, to new: PredictionsPlace?) -> Difference? {
        if old == new { return nil }
        if let old, let new, old.address == new.address {
            return Difference("key for \(subject)", from: old.secret, to: new.secret)
        }
        let nowhere = "lost with the pod"
        return Difference(subject, from: old?.address ?? nowhere, to: new?.address ?? nowhere)
    }

    /// An image of an earlier kubeforge does not know it, and does as it did.
    private static let variable = "PREDICTIONS_DIRECTORY"
    private static let volume = "predictions"
}

extension JobObject {
    /// Where the predictions of a schedule stay; nil where they end with its pods.
    package var predictions: PredictionsPlace? { PredictionsPlace(self) }
}
