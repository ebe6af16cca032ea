import ForgeCore
import ForgeInventory
import ForgePlan

/// The node's runtime believes the certificate of the registry that deploys push to, so that a machine which joins
/// later pulls by itself.
struct RegistryTrust {
    let cluster: Cluster

    init(_ cluster: Cluster) { self.cluster = cluster }

    /// None where the service's pods do not run. The link leads to what the machine gets when it joins.
    func steps(_ host: Host) -> [any Step] {
        guard let registry = cluster.ownRegistry, host.role == .worker || host.isSchedulable else { return [] }
        return [
            LinkIs(
                registry.authorityLink(for: cluster.runtime), to: ClusterRegistry.authority,
                title: "\(cluster.runtime.rawValue) believes the certificate of the cluster's registry")
        ]
    }
}
