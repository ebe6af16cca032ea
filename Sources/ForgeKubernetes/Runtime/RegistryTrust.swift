import ForgeInventory
import ForgePlan

/// The node's runtime believes the certificate of the registry that deploys push to, so that a machine which joins
/// later pulls by itself.
struct RegistryTrust {
    let cluster: Cluster

    init(_ cluster: Cluster) { self.cluster = cluster }

    /// The link leads to what the machine gets when it joins.
    var steps: [any Step] {
        guard let registry = cluster.ownRegistry else { return [] }
        return [
            LinkIs(
                registry.authorityLink(for: cluster.runtime), to: ClusterRegistry.authority,
                title: "\(cluster.runtime.rawValue) believes the certificate of the cluster's registry")
        ]
    }
}
