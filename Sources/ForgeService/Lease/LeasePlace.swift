import ForgeInventory

/// Which Lease of the cluster keeps runs apart: those of one service that would undo each other, or all that change the
/// cluster itself.
package struct LeasePlace: Sendable, Hashable {
    let name: String
    let namespace: String
    /// Whether a run goes on where the cluster does not answer or is not there yet: it is what makes it answer.
    let isOptional: Bool
    /// As sentences name it.
    let subject: String

    private init(_ name: String, in namespace: String, isOptional: Bool = false, subject: String) {
        self.name = name
        self.namespace = namespace
        self.isOptional = isOptional
        self.subject = subject
    }

    /// For what changes the cluster itself.
    package static func cluster(_ cluster: Cluster) -> LeasePlace {
        LeasePlace("kubeforge", in: "kube-system", isOptional: true, subject: "the cluster \(cluster.name)")
    }

    /// For what changes which pods answer.
    package static func service(_ service: Service) -> LeasePlace {
        LeasePlace("kubeforge-\(service.name)", in: service.namespace, subject: "the service \(service.name)")
    }

    /// For one batch run, or one training, of a service at a time; both may go on beside a deploy.
    package static func jobs(_ kind: JobKind, _ service: Service) -> LeasePlace {
        let subject = kind == .train ? "the training of \(service.name)" : "batch inference with \(service.name)"
        return LeasePlace("kubeforge-\(kind.label(service))", in: service.namespace, subject: subject)
    }

    /// On all of its Leases.
    static let label = "app.kubernetes.io/managed-by=kubeforge"
}
