import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeTemplates

/// From bare machines to a working cluster: the table of contents of kubeforge.
package struct ClusterPlan: Sendable {
    /// The inventory, whatever of its machines could be reached.
    package let cluster: Cluster
    /// The facts of the machines that could be surveyed; the others are not part of the plan.
    package let facts: [String: Facts]
    /// For kubeadm's configuration, containerd's, and the pod network's manifests.
    package let templates: Templates
    /// The kubeconfig on the operator's machine that the cluster is merged into.
    package let operatorKubeconfig: String
    /// Whether the control plane's certificates are renewed, though they have not expired.
    package let renewsCertificates: Bool

    package init(
        cluster: Cluster, facts: [String: Facts], templates: Templates, operatorKubeconfig: String,
        renewsCertificates: Bool = false
    ) {
        self.cluster = cluster
        self.facts = facts
        self.templates = templates
        self.operatorKubeconfig = operatorKubeconfig
        self.renewsCertificates = renewsCertificates
    }

    /// A pure function of the values above. Throws what is wrong with a template.
    package func make() throws(Problem) -> Plan {
        let cni = try CNI(cluster, templates)
        let runtime = ContainerRuntime(cluster: cluster, templates: templates)
        let metrics = cluster.metricsServer ? try MetricsServer(cluster, templates) : nil
        // One pod on some node: containerd's nodes pull it when it comes.
        let others = cluster.runtime == .docker ? [metrics?.image].compactMap { $0 } : []
        let nodeImages = PrepulledImages(cluster: cluster, images: cni.images + others)
        return Plan(
            stages: [
                try fit(cni),
                try stage("hosts are prepared", steps: preparation),
                try stage("Kubernetes is installed") { _, facts throws(Problem) in
                    try KubernetesPackages(cluster: cluster).steps(facts) + [StartsAtBoot("kubelet.service")]
                },
                // After kubeadm, which knows the sandbox image that the runtime must name.
                try stage("container runtime is ready") { host, facts throws(Problem) in
                    try runtime.steps(facts) + RegistryTrust(cluster).steps(host)
                        + when(cluster.runtime == .docker && nodeImages.isNeeded, nodeImages)
                },
                // Meanwhile the workers fetch what they will run.
                try stage("the control plane answers") { host, facts throws(Problem) in
                    if host.name == cluster.firstControlPlane.name {
                        return try controlPlane(host, facts) + cni.steps + (metrics?.steps ?? [])
                    }
                    return when(cluster.runtime == .containerd, nodeImages)
                },
                try joinConfiguration(runtime),
                try stage("every node is Ready") { host, _ in
                    [NodeIsReady.step(for: host)] + Bridge.steps(for: host, cni)
                },
                try stage("the cluster works", on: [cluster.firstControlPlane]) { host, _ in
                    [ControlPlaneTaints(host: host), SystemPods.step(for: cni, and: metrics)]
                        + (metrics.map { [$0.measures] } ?? [])
                },
                // Once the pod network runs on all of them.
                try stage("the nodes reach each other") { host, _ in
                    let others = surveyed(cluster.hosts).filter { $0.name != host.name }
                    return when(!others.isEmpty, PodNetwork.step(from: host, to: others, cni))
                },
            ], essential: [cluster.firstControlPlane.name])
    }

    /// One finding does not hide another: all of them, of all machines, before anything is changed.
    private func fit(_ cni: CNI) throws(Problem) -> Stage {
        let preflight = Preflight(cluster: cluster, facts: facts, cni: cni, isRenewing: renewsCertificates)
        let docker = ExistingDocker(cluster: cluster, tools: Self.tools)
        return try stage("hosts meet the requirements", goesOnAfterFailure: true) { host, own throws(Problem) in
            preflight.steps(for: host) + (try docker.steps(for: host, own))
                + when(host.name == cluster.firstControlPlane.name, OperatorKubeconfigFits(step: operatorKubectl(host)))
        }
    }

    private func operatorKubectl(_ host: Host) -> OperatorKubeconfig {
        OperatorKubeconfig(cluster: cluster.name, path: operatorKubeconfig, host: host)
    }

    static let tools = [
        "ca-certificates", "curl", "gnupg", "openssl", "conntrack", "socat", "ethtool", "ebtables", "iproute2",
        "iptables",
        "iputils-ping",
    ]

    private func preparation(_ host: Host, _ facts: Facts) -> [any Step] {
        [
            CloudInitIsDone(),
            // sudo looks its own hostname up, and waits for name servers when /etc/hosts does not know it.
            HostsFile(cluster.hosts),
            Hostname(name: host.name),
            SwapOff(isContainer: facts.isContainer),
            KernelModule("overlay", isContainer: facts.isContainer),
            KernelModule("br_netfilter", isContainer: facts.isContainer),
            Sysctls(
                [
                    "net.bridge.bridge-nf-call-iptables": "1", "net.bridge.bridge-nf-call-ip6tables": "1",
                    "net.ipv4.ip_forward": "1",
                ],
                title: "the kernel forwards and filters bridged packets", isContainer: facts.isContainer),
        ]
            // A container's are those of its host.
            + when(
                !facts.isContainer,
                SysctlMinimums(
                    ["fs.inotify.max_user_instances": 8192, "fs.inotify.max_user_watches": 1_048_576],
                    title: "the kernel lets many programs watch files")) + [
                Packages(
                    Self.tools, title: "required tools are installed", by: facts.distribution.packageManager,
                    proxy: cluster.outgoing)
            ]
    }

    private func controlPlane(_ host: Host, _ facts: Facts) throws(Problem) -> [any Step] {
        let config = try KubeadmConfig(cluster: cluster, templates: templates).initConfiguration(
            of: host, isContainer: facts.isContainer)
        return [ControlPlaneImages(cluster: cluster, configPath: ControlPlane.configPath)]
            + when(renewsCertificates, CertificatesAreRenewed(host: host, cluster: cluster, configuration: config)) + [
                ControlPlane(host: host, cluster: cluster, configuration: config),
                Unit("kubelet.service", title: "the kubelet runs"),
            ] + when(host.publicAddress != "\(host.address)", APIServerName(host: host, cluster: cluster)) + [
                UserKubeconfig(
                    user: host.access.user, home: facts.home, group: facts.group, cluster: cluster.name,
                    server: "https://\(host.address):6443"),
                operatorKubectl(host),
            ]
    }

    /// A control plane needs some ten seconds from its start until workers can join: Docker Engine comes in that time.
    private func joinConfiguration(_ runtime: ContainerRuntime) throws(Problem) -> Stage {
        let config = KubeadmConfig(cluster: cluster, templates: templates)
        let token = JoinToken(controlPlane: cluster.firstControlPlane.name)
        return try stage("the workers have joined") { host, facts throws(Problem) in
            if host.role == .controlPlane { return runtime.builder(facts) }
            return [
                // A run that is killed while it joins leaves it.
                FileIsAbsent(Join.configPath, title: "no join token is left"),
                Join(host: host, cluster: cluster, config: config, token: token),
                Unit("kubelet.service", title: "the kubelet runs"),
            ]
        }
    }

    private func surveyed(_ hosts: [Host]) -> [Host] { hosts.filter { facts[$0.name] != nil } }

    private func stage(
        _ name: String, goesOnAfterFailure: Bool = false, on hosts: [Host]? = nil,
        steps: (Host, Facts) throws(Problem) -> [any Step]
    ) throws(Problem) -> Stage {
        var work: [Stage.Work] = []
        for host in surveyed(hosts ?? cluster.hosts) {
            guard let own = facts[host.name] else { continue }
            let steps = try steps(host, own)
            if !steps.isEmpty { work.append(Stage.Work(host: host, steps: steps)) }
        }
        return Stage(name, goesOnAfterFailure: goesOnAfterFailure, work)
    }
}
