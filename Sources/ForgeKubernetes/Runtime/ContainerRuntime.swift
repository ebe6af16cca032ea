import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeTemplates

/// From packages to a runtime that the kubelet can talk to.
struct ContainerRuntime {
    let cluster: Cluster
    let templates: Templates

    func steps(for host: Host, _ facts: Facts) throws(Problem) -> [any Step] {
        let packages = DockerPackages(cluster: cluster)
        let mirrors = RegistryMirrors(cluster: cluster)
        let containerd: [any Step] =
            [try ContainerdConfig(cluster: cluster, templates: templates)] + mirrors.containerdFiles()
            + [Unit("containerd.service", runningSince: [ContainerdConfig.path], title: "containerd runs with its configuration")]
        return try packages.steps(for: host, facts) + containerd + docker(host, packages, mirrors)
    }

    private func docker(_ host: Host, _ packages: DockerPackages, _ mirrors: RegistryMirrors) throws(Problem) -> [any Step] {
        guard packages.needsDocker(host) else { return [] }
        let daemon = try mirrors.dockerDaemonFile()
        let engine: [any Step] = [
            FileIs(daemon, title: "Docker Engine is configured"),
            Unit("docker.service", runningSince: [daemon.path], title: "Docker Engine runs with its configuration"),
        ]
        return engine
            + (cluster.runtime == .docker && cluster.kubernetes.isAtLeast(1, 24)
                ? try CRIDockerd(cluster: cluster, templates: templates).steps() : [])
    }
}
