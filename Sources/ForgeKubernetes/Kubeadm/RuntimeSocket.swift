import ForgeInventory

/// Where the kubelet finds the container runtime, as kubeadm's criSocket wants it.
enum RuntimeSocket {
    /// Two sockets may be present, so kubeadm must be told. Releases before 1.24 take the bare path only.
    static func path(for cluster: Cluster) -> String {
        let isNew = cluster.kubernetes.isAtLeast(1, 24)
        switch cluster.runtime {
        case .containerd: return (isNew ? "unix://" : "") + "/run/containerd/containerd.sock"
        case .docker: return isNew ? "unix:///var/run/cri-dockerd.sock" : "/var/run/dockershim.sock"
        }
    }
}
