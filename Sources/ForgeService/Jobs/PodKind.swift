import ForgeInventory

/// What pods of a service are for.
package enum PodKind: String, Sendable, CaseIterable {
    /// They answer requests.
    case online
    /// They answer many rows at once, and end.
    case batch
    /// They train the models, and end.
    case train

    /// The label `app.kubernetes.io/name` of the kind's pods.
    package func label(_ service: Service) -> String { JobKind(rawValue: rawValue)?.label(service) ?? service.name }

    /// What makes pods of the kind.
    var verb: String {
        switch self {
        case .online: "kubeforge deploy"
        case .batch: "kubeforge batch run"
        case .train: "kubeforge train"
        }
    }
}
