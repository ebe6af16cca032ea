import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeTemplates

/// From bare machines to a working cluster: the table of contents of kubeforge.
package struct ClusterPlan: Sendable {
    package let cluster: Cluster
    /// Of the machines that could be surveyed; the others are not part of the plan.
    package let facts: [String: Facts]
    package let templates: Templates
    /// The kubeconfig on the operator's machine that the cluster is merged into.
    package let operatorKubeconfig: String

    package init(cluster: Cluster, facts: [String: Facts], templates: Templates, operatorKubeconfig: String) {
        self.cluster = cluster
        self.facts = facts
        self.templates = templates
        self.operatorKubeconfig = operatorKubeconfig
    }

    package func make() throws(Problem) -> Plan {
        let cni = try CNI.named(cluster.cni)
        let runtime = ContainerRuntime(cluster: cluster, templates: templates)
        let nodeImages = try nodeImages(cni)
        return Plan(
            stages: [
                fit,
                try stage("the machines are prepared", steps: preparation),
                try stage("containers can run") { _, facts throws(Problem) in try runtime.steps(facts) },
                try stage("Kubernetes is installed") { _, facts throws(Problem) in
                    try KubernetesPackages(cluster: cluster).steps(facts) + [StartsAtBoot("kubelet.service")]
                        + when(cluster.runtime == .docker && !nodeImages.images.isEmpty, nodeImages)
                },
                // Meanwhile the workers fetch what they will run.
                try stage("the control plane answers") { host, facts throws(Problem) in
                    if host.name == cluster.firstControlPlane.name { return try controlPlane(host, facts) + cni.steps(cluster, templates) }
                    return when(cluster.runtime == .containerd, nodeImages)
                },
                try joining(runtime),
                try stage("every node is Ready") { host, _ in [NodeIsReady.step(for: host)] },
                try stage("the cluster works", on: [cluster.firstControlPlane]) { host, _ in
                    when(host.isSchedulable, Scheduling(host: host)) + [SystemPods.step(for: cni.name)]
                },
            ], essential: [cluster.firstControlPlane.name])
    }

    /// One finding does not hide another: all of them, of all machines, before anything is changed.
    private var fit: Stage {
        let preflight = Preflight(cluster: cluster, facts: facts)
        return Stage("the machines fit", goesOnAfterFailure: true, on: surveyed(cluster.hosts)) { preflight.steps(for: $0) }
    }

    private func preparation(_ host: Host, _ facts: Facts) -> [any Step] {
        [
            // sudo looks its own hostname up, and waits for name servers when /etc/hosts does not know it.
            HostsFile(cluster.hosts),
            Hostname(name: host.name),
            SwapOff(),
            KernelModule("overlay"),
            KernelModule("br_netfilter"),
            Sysctls(["net.bridge.bridge-nf-call-iptables": "1", "net.bridge.bridge-nf-call-ip6tables": "1", "net.ipv4.ip_forward": "1"]),
            Packages(
                ["ca-certificates", "curl", "gnupg", "openssl", "conntrack", "socat", "ethtool", "ebtables", "iproute2", "iptables"],
                title: "the tools that Kubernetes and kubeforge call are installed"),
        ]
    }

    private func controlPlane(_ host: Host, _ facts: Facts) throws(Problem) -> [any Step] {
        let config = KubeadmConfig(cluster: cluster, templates: templates)
        return [
            ControlPlaneImages(cluster: cluster, configPath: ControlPlane.configPath),
            ControlPlane(
                host: host, socket: RuntimeSocket.path(for: cluster),
                configuration: try config.initialisation(of: host, isContainer: facts.isContainer)),
            Unit("kubelet.service", title: "the kubelet runs"),
            LoginKubeconfig(user: host.access.user, home: facts.home, group: facts.group),
            OperatorKubeconfig(cluster: cluster.name, path: operatorKubeconfig),
        ]
    }

    private func nodeImages(_ cni: CNI) throws(Problem) -> NodeImages {
        let repository = cluster.imageRepository ?? Cluster.Defaults.imageRepository
        let own = [PauseImage.reference(for: cluster), "\(repository)/kube-proxy:v\(cluster.kubernetes)"]
        return NodeImages(own + (try cni.images(templates)), cluster: cluster)
    }

    /// A control plane needs some ten seconds from its start until workers can join: Docker Engine comes in that time.
    private func joining(_ runtime: ContainerRuntime) throws(Problem) -> Stage {
        let config = KubeadmConfig(cluster: cluster, templates: templates)
        let token = JoinToken(controlPlane: cluster.firstControlPlane.name)
        return try stage("the workers have joined") { host, facts throws(Problem) in
            if host.role == .controlPlane { return try runtime.builder(facts) }
            return [Join(host: host, cluster: cluster, config: config, token: token), Unit("kubelet.service", title: "the kubelet runs")]
        }
    }

    private func surveyed(_ hosts: [Host]) -> [Host] { hosts.filter { facts[$0.name] != nil } }

    private func stage(
        _ name: String, on hosts: [Host]? = nil, steps: (Host, Facts) throws(Problem) -> [any Step]
    ) throws(Problem) -> Stage {
        var work: [Stage.Work] = []
        for host in surveyed(hosts ?? cluster.hosts) {
            let steps = try steps(host, facts[host.name]!)
            if !steps.isEmpty { work.append(Stage.Work(host: host, steps: steps)) }
        }
        return Stage(name, work)
    }
}
