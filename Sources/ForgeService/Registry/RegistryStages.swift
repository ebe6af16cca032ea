import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeTemplates

/// What a deploy does about the registry, by stages: the cluster's own, or one that the inventory names.
struct RegistryStages {
    /// It is told to run, before the image is built: meanwhile it is pulled and starts.
    let made: Stage
    /// It answers, and has the image.
    let filled: Stage
    /// Each node that takes pods gets to it.
    let reached: Stage
    private let registry: ClusterRegistry?
    private let first: Host

    init(_ cluster: Cluster, release: Release, templates: Templates) throws(Problem) {
        first = cluster.firstControlPlane
        registry = cluster.ownRegistry
        let nodes = cluster.hosts.filter(cluster.takesPods)
        let pushed = ImageIsPushed(release, of: cluster)
        if let registry {
            made = try Self.made(registry, cluster, templates)
            filled = Stage("the image is in the registry", on: [first]) {
                [RegistryAnswers.step(registry, on: $0), pushed]
            }
            reached = Stage("the nodes reach the registry", on: nodes) { [RegistryIsReached.step(registry, from: $0)] }
        } else {
            let login = try RegistryLogin.step(cluster, to: release.registry)
            made = Stage("the registry accepts the cluster's login", on: [first]) { _ in [login] }
            filled = Stage("the image is in the registry", on: [first]) { _ in [pushed] }
            reached = Stage("the nodes reach the registry", [])
        }
    }

    /// What must be so before anything is changed.
    func preflight(_ host: Host) -> [any Step] {
        guard let registry, host == first else { return [] }
        return [RegistryIsReached.isFree(registry)]
    }

    private static func made(_ registry: ClusterRegistry, _ cluster: Cluster, _ templates: Templates) throws(Problem)
        -> Stage
    {
        let first = cluster.firstControlPlane
        let nodes = cluster.hosts.filter(cluster.takesPods)
        let configured = try RegistryIsConfigured(cluster, registry, templates: templates)
        return Stage("the registry is set up", on: cluster.hosts.filter { $0 == first || nodes.contains($0) }) { host in
            when(host == first, RegistryHasKeys(registry, on: host), configured, trust(registry, .docker))
                + when(
                    nodes.contains(host) && !(host == first && cluster.runtime == .docker),
                    trust(registry, cluster.runtime))
        }
    }

    private static func trust(_ registry: ClusterRegistry, _ runtime: Cluster.Runtime) -> LinkIs {
        LinkIs(
            registry.authorityLink(for: runtime), to: ClusterRegistry.authority,
            title: "\(runtime.rawValue) trusts the certificate of the cluster's registry")
    }
}
