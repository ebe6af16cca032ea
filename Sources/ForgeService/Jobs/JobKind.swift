import ForgeInventory

/// What a Job is for, as its label `app.kubernetes.io/name` says. It is never the service's own name: its Service would
/// send it requests.
package enum JobKind: String, Sendable, Hashable {
    case batch, train, coordinator

    func label(_ service: Service) -> String { "\(service.name)-\(rawValue)" }

    /// As `prefix`, of a push: a training in all but the name of its Job.
    static func pushPrefix(_ service: Service) -> String { "\(service.name.prefix(28))-push" }

    /// The beginning of a name that has room for a time and a shard's number: pods take at most 63 characters.
    func prefix(_ service: Service) -> String { "\(service.name.prefix(28))-\(rawValue)" }
}
