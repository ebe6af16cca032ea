import ForgeCore
import ForgeInventory

/// What a Job is for, as its label `app.kubernetes.io/name` says. It is never the service's own name: its Service would
/// send it requests.
package enum JobKind: String, Sendable, Hashable {
    case batch, train, coordinator

    func label(_ service: Service) -> String { "\(service.name)-\(rawValue)" }

    /// The same as `prefix`, for a push: a training in all but the name of its Job.
    static func pushPrefix(_ service: Service) -> String { "\(service.shortName)-push" }

    /// Whether a Job of that service with this name is a push.
    static func isPush(_ job: String, of service: Service) -> Bool {
        [service.shortName, service.formerShortName].contains { $0.map { job.hasPrefix("\($0)-push-") } ?? false }
    }

    /// The beginning of a name that has room for a time and a shard's number: pods take at most 63 characters.
    func prefix(_ service: Service) -> String { "\(service.shortName)-\(rawValue)" }
}

extension Service {
    /// The most characters of a service's name that names of its jobs have room for.
    private static let most = 28

    /// The service's name in the names of its jobs, of at most 28 characters. A longer one is cut and ends with a part
    /// of its digest: two services whose names begin alike have jobs of different names.
    var shortName: String {
        if name.count <= Self.most { return name }
        let digest = SHA256.hex(Array(name.utf8)).prefix(8)
        return "\(name.prefix(Self.most - 1 - digest.count))-\(digest)"
    }

    /// What earlier versions had instead of `shortName`: it was cut alone, and could be another service's, too. nil
    /// where the name is short enough.
    var formerShortName: String? { name.count <= Self.most ? nil : String(name.prefix(Self.most)) }
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
