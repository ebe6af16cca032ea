import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeTemplates

/// From packages to a runtime that the kubelet can talk to, and to Docker Engine where images are built.
struct ContainerRuntime {
    let cluster: Cluster
    let templates: Templates

    func steps(_ facts: Facts) throws(Problem) -> [any Step] {
        let containerd: [any Step] =
            [try ContainerdConfig(cluster: cluster, templates: templates)] + mirrors.containerdFiles() + RegistryTrust(cluster).steps
            + [Unit("containerd.service", runningSince: [ContainerdConfig.path], title: "containerd runs with its configuration")]
        return try packages.runtime(facts) + containerd + (cluster.runtime == .docker ? try engine() + criDockerd() : [])
    }

    /// Docker Engine on a machine that builds images and runs its containers without it.
    func builder(_ facts: Facts) throws(Problem) -> [any Step] {
        cluster.runtime == .docker ? [] : [packages.engine(facts)] + (try engine())
    }

    private var packages: DockerPackages { DockerPackages(cluster: cluster) }

    private var mirrors: RegistryMirrors { RegistryMirrors(cluster: cluster) }

    private func engine() throws(Problem) -> [any Step] {
        let daemon = try mirrors.dockerDaemonFile()
        return [
            FileIs(daemon, title: "Docker Engine is configured"),
            Unit("docker.service", runningSince: [daemon.path], title: "Docker Engine runs with its configuration"),
        ]
    }

    private func criDockerd() throws(Problem) -> [any Step] {
        cluster.kubernetes.isAtLeast(1, 24) ? try CRIDockerd(cluster: cluster, templates: templates).steps() : []
    }
}
