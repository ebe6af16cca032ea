import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeTemplates

/// A pod network as one value: what brings it, by what it is known on nodes and in the cluster, and what it needs.
struct CNI: Sendable {
    /// The interface of its VXLAN on every node.
    let device: String
    /// What must be open between the machines: `8472/udp`.
    let port: String
    /// Its configuration in /etc/cni/net.d.
    let configuration: String
    /// The type of its plugin, by which a configuration of another program may call it.
    let plugin: String
    /// The namespace that its manifest puts pods into.
    let namespace: String
    /// The names of its DaemonSets.
    let daemonSets: [String]
    /// The names of its Deployments.
    let deployments: [String]
    /// A shell script that prints the network it gave this node (`wanted NETWORK`) and those that the node's bridge has
    /// (`has NETWORK`); nil where pods are on no bridge.
    let bridgeLook: String?
    /// What every node runs of it.
    let images: [String]
    /// What brings it, on the first control plane.
    let steps: [any Step]

    /// Its pods, once more: on the first control plane, with `sudo`.
    var restart: String { "kubectl -n \(namespace) rollout restart daemonset \(daemonSets.joined(separator: " "))" }

    init(_ cluster: Cluster, _ templates: Templates) throws(Problem) {
        switch cluster.cni {
        case .flannel: self = try .flannel(cluster, templates)
        case .calico: self = try .calico(cluster, templates)
        }
    }

    init(
        _ cluster: Cluster, device: String, configuration: String, plugin: String, namespace: String,
        daemonSets: [String],
        deployments: [String] = [], bridgeLook: String? = nil, images: [String], steps: [any Step]
    ) {
        self.device = device
        self.port = cluster.cni.port
        self.configuration = configuration
        self.plugin = plugin
        self.namespace = namespace
        self.daemonSets = daemonSets
        self.deployments = deployments
        self.bridgeLook = bridgeLook
        self.images = images
        self.steps = steps
    }
}

/// What a manifest on the control plane says is so in the cluster.
struct Manifest: Step {
    let title: String
    /// The path of a file, or of a directory with a kustomization.yaml.
    let path: String
    private let source: [Word]

    init(_ title: String, path: String) {
        self.title = title
        self.path = path
        source = ["-f", Word(path)]
    }

    /// Applied server-side: the definitions of some resources are longer than what a client may note beside
    /// them.
    init(_ title: String, directory: String) {
        self.title = title
        path = directory
        source = ["--server-side", "--force-conflicts", "-k", Word(directory)]
    }

    var questions: [Question] { [.command(look)] }

    /// `kubectl diff` asks the API server what an apply would change: 0 is nothing, 1 is something, more is a failure.
    func differences(given answers: Answers) -> [Difference] {
        switch answers.command(look).exitCode {
        case 0: []
        case 1: ["the cluster differs from \(path)"]
        case 124: ["the cluster could not be compared with \(path): kubectl diff took too long"]
        default: ["the cluster could not be compared with \(path): kubectl diff failed"]
        }
    }

    func apply(to machine: Machine) async throws {
        try await machine.run(HostKubectl.command(["apply"] + source))
    }

    private var look: String {
        "[ -e \(path) ] && " + HostKubectl.asAdmin("diff \(Command(source).line) >/dev/null")
    }
}
