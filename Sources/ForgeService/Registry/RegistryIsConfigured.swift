import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeTemplates

/// The kubelet of the first control plane is told to run the registry: a static pod, recreated when what it reads at
/// its start changes.
struct RegistryIsConfigured: Step {
    /// Where kubeadm has the kubelet look for static pods.
    static let manifest = "/etc/kubernetes/manifests/kubeforge-registry.yaml"
    /// The static pod's name, which the node's name follows.
    static let pod = "kubeforge-registry"

    private let registry: ClusterRegistry
    private let image: String
    private let template: Template
    private let configuration: FileIs
    private let certificate: String

    init(_ cluster: Cluster, _ registry: ClusterRegistry, templates: Templates) throws(Problem) {
        self.registry = registry
        let place = RegistryPlace()
        image = RegistryImage(cluster).reference
        template = try templates["kubernetes/registry/pod.yaml"]
        certificate = "\(place.files)/tls.crt"
        let settings = try templates["kubernetes/registry/config.yml"].render(["endpoint": registry.endpoint])
        configuration = FileIs(RemoteFile("\(place.files)/config.yml", settings))
        // A template that cannot be rendered shows before anything is changed.
        _ = try text(certificate: "")
    }

    var title: String { "the registry of the cluster is configured" }

    var questions: [Question] { configuration.questions + [.file(Self.manifest), .file(certificate)] }

    func differences(given answers: Answers) -> [Difference] {
        configuration.differences(given: answers)
            + ((try? manifest(answers)).map { FileIs($0).differences(given: answers) } ?? [])
    }

    func apply(to machine: Machine) async throws {
        try await machine.write(configuration.file)
        let manifest = try manifest(try await machine.ask(questions))
        try await machine.run(Self.write(manifest))
    }

    private func manifest(_ answers: Answers) throws(Problem) -> RemoteFile {
        RemoteFile(Self.manifest, try text(certificate: answers.file(certificate)?.sha256 ?? ""), mode: 0o600)
    }

    private func text(certificate digest: String) throws(Problem) -> String {
        let files = SHA256.hex(Array((SHA256.hex(configuration.file.content) + digest).utf8)).prefix(16)
        return try template.render([
            "files": String(files).yamlQuoted, "image": image.yamlQuoted, "address": "\(registry.address)".yamlQuoted,
            "port": "\(ClusterRegistry.port)", "directory": RegistryPlace().directory,
        ])
    }

    /// The kubelet takes each file of the directory for a pod, but for those whose name begins with a dot.
    private static func write(_ file: RemoteFile) -> Command {
        let script = """
            set -eu; umask 077; directory=${1%/*}; new="$directory/.${1##*/}.new"
            mkdir -p -- "$directory"; trap 'rm -f -- "$new"' EXIT; \(ShellFunction.endsBySignal)
            \(ShellFunction.place)
            cat >"$new"; place "$new" "$1"
            """
        return Command("sh", "-c", Word(script), "sh", Word(file.path)).reading(.bytes(file.content)).asRoot()
    }
}

/// Which image the registry itself is, as the runtime of the node that runs it pulls it.
struct RegistryImage {
    let reference: String

    /// containerd finds the mirror of any registry by itself; Docker knows one of docker.io only, so another is named
    /// instead.
    init(_ cluster: Cluster) {
        let image = cluster.service.registryImage
        reference = cluster.runtime == .docker ? BuildArguments.base(image, cluster.mirrors) : image
    }
}
