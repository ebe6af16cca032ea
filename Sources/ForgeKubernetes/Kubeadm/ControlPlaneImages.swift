import ForgeCore
import ForgeInventory
import ForgePlan

/// The control plane's images are here before init, so that a slow or limited registry does not fail it half-way.
struct ControlPlaneImages: Step {
    let cluster: Cluster
    let configPath: String

    var title: String { "the control plane's images are here" }

    var questions: [Question] { [.command(missingLook)] }

    func differences(given answers: Answers) -> [Difference] {
        let state = answers.command(missingLook)
        if state.exitCode != 0 { return ["the images cannot be listed yet"] }
        return state.text.split(separator: "\n").map { "\($0) is missing" }
    }

    func apply(to machine: Machine) async throws {
        let fix = "the registry may limit or refuse \(machine.host.name): name a mirror in the inventory (mirrors: registries:), and run again"
        for image in try await machine.run(Command("sh", "-c", Word(missingLook)).asRoot()).text.split(separator: "\n") {
            try await machine.run(pull(String(image)), fix: fix)
        }
    }

    /// A control plane that runs has had its images; the kubelet may since have removed those that other nodes run.
    private var missingLook: String {
        let repository = cluster.imageRepository ?? Cluster.Defaults.imageRepository
        let list = "kubeadm config images list --kubernetes-version v\(cluster.kubernetes) --image-repository \(repository.shellQuoted)"
        return """
            [ -f \(Kubectl.adminConfig) ] && [ -f /etc/kubernetes/manifests/kube-scheduler.yaml ] && exit 0
            here=$(\(presentLook)) || exit 1
            wanted=$(\(list) 2>/dev/null) || exit 1
            for image in $wanted; do echo "$here" | grep -Fqx -- "$image" || echo "$image"; done
            """
    }

    private var presentLook: String {
        switch cluster.runtime {
        case .containerd: "ctr -n k8s.io images ls -q"
        case .docker: "docker image ls --format '{{.Repository}}:{{.Tag}}'"
        }
    }

    /// With containerd through CRI, as the kubelet does it: mirrors count. Docker mirrors docker.io alone, so it pulls from the mirror and tags.
    private func pull(_ image: String) -> Command {
        let limit = Duration.seconds(900)
        if cluster.runtime == .containerd {
            return Command("crictl", "--runtime-endpoint", "unix:///run/containerd/containerd.sock", "pull", Word(image)).asRoot().within(limit)
        }
        guard let (mirrored, _) = DockerMirror.source(of: image, cluster.mirrors) else { return Command("docker", "pull", Word(image)).asRoot().within(limit) }
        return Command("sh", "-c", "docker pull -- \"$1\" && docker tag -- \"$1\" \"$2\"", "sh", Word(mirrored), Word(image)).asRoot().within(limit)
    }
}

/// Docker Engine knows mirrors for docker.io only; an image of another registry is pulled by its name at the mirror.
enum DockerMirror {
    /// The reference at the mirror, and the mirror's host; nil when the image's registry has none.
    static func source(of image: String, _ mirrors: Mirrors) -> (reference: String, host: String)? {
        guard let slash = image.firstIndex(of: "/"), let url = mirrors.registries[String(image[..<slash])] else { return nil }
        let host = RegistryMirrors.host(url)
        return (host + String(image[slash...]), host)
    }
}
