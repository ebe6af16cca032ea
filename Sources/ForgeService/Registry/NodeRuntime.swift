import ForgeInventory

/// The container runtime of the nodes.
struct NodeRuntime: Sendable {
    let kind: Cluster.Runtime

    /// Whether it runs at all.
    var sign: String {
        switch kind {
        case .containerd: "ctr version"
        case .docker: "docker version"
        }
    }
}
