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
            [
                try ContainerdConfig(
                    cluster: cluster, templates: templates, packages: facts.distribution.packageManager),
                ContainerdDropIns.step,
            ]
            + mirrors.containerdFiles()
            + [
                proxy("containerd.service").step,
                Unit(
                    "containerd.service",
                    runningSince: [
                        ContainerdConfig.path, ContainerdConfig.dropIns, proxy("containerd.service").directory,
                    ],
                    title: "containerd runs with its configuration"),
            ]
        return try packages.runtime(facts) + containerd
            + (cluster.runtime == .docker ? engine + (try criDockerd(facts)) : [])
    }

    /// Docker Engine on a machine that builds images and runs its containers without it.
    func builder(_ facts: Facts) -> [any Step] {
        cluster.runtime == .docker ? [] : [packages.engine(facts)] + engine
    }

    private var packages: DockerPackages { DockerPackages(cluster: cluster) }

    private func proxy(_ unit: String) -> ServiceProxy { Self.proxy(unit, cluster) }

    private static func proxy(_ unit: String, _ cluster: Cluster) -> ServiceProxy {
        ServiceProxy(unit: unit, proxy: cluster.outgoing)
    }

    private var mirrors: RegistryMirrors { RegistryMirrors(cluster: cluster) }

    private var engine: [any Step] { Self.engine(cluster) }

    /// Docker's settings, and that it runs with them.
    static func engine(_ cluster: Cluster) -> [any Step] {
        let proxy = proxy("docker.service", cluster)
        return [
            DockerDaemon(cluster: cluster), proxy.step,
            Unit(
                "docker.service", runningSince: [DockerDaemon.path, proxy.directory],
                title: "Docker Engine runs with its configuration"),
        ]
    }

    private func criDockerd(_ facts: Facts) throws(Problem) -> [any Step] {
        cluster.kubernetes.isAtLeast(1, 24) ? try CRIDockerd(cluster: cluster, templates: templates).steps(facts) : []
    }
}

/// A systemd unit has the inventory's proxy in its environment, or none of kubeforge's. It reads it when it starts.
struct ServiceProxy {
    let unit: String
    let proxy: Proxy?

    /// The directory of drop-ins: a file that comes or goes changes its time, so the unit is restarted.
    var directory: String { "/etc/systemd/system/\(unit).d" }

    private var path: String { directory + "/kubeforge-proxy.conf" }

    var step: any Step {
        guard let proxy else { return FileIsAbsent(path, title: "\(unit) has no kubeforge proxy") }
        let name = proxy.https ?? proxy.http ?? ""
        return FileIs(RemoteFile(path, Self.text(proxy)), title: "\(unit) uses the proxy \(name)")
    }

    /// Upper case suffices for programs written in Go. In a unit % is special, and a quoted value may hold anything
    /// else of a URL.
    private static func text(_ proxy: Proxy) -> String {
        let values = proxy.assignments.filter { $0.first?.isUppercase == true }
        let lines = values.map { "Environment=\"\($0.replacing("%", with: "%%"))\"\n" }
        return "# Written by kubeforge.\n[Service]\n" + lines.joined()
    }
}
