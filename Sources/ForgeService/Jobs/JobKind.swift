import ForgeInventory

/// What a Job is for, as its label `app.kubernetes.io/name` says. It is never the service's own name: its Service would
/// send it requests.
package enum JobKind: String, Sendable, Hashable {
    case batch, train, coordinator

    func label(_ service: Service) -> String { "\(service.name)-\(rawValue)" }

    /// The same as `prefix`, for a push: a training in all but the name of its Job.
    static func pushPrefix(_ service: Service) -> String { "\(service.name.prefix(28))-push" }

    /// The beginning of a name that has room for a time and a shard's number: pods take at most 63 characters.
    func prefix(_ service: Service) -> String { "\(service.name.prefix(28))-\(rawValue)" }
}

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
