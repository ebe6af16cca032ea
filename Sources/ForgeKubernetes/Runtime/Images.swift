import ForgeCore
import ForgeInventory
import ForgePlan

/// The control plane's images are here before init, so that a slow or limited registry does not fail it half-way.
struct ControlPlaneImages: Step {
    let cluster: Cluster
    let configPath: String

    var title: String { "control-plane images are present" }

    var questions: [Question] { [.command(missingLook)] }

    func differences(given answers: Answers) -> [Difference] {
        let state = answers.command(missingLook)
        if state.exitCode != 0 { return ["the images cannot be listed yet"] }
        return state.text.split(separator: "\n").map { "\($0) is missing" }
    }

    func apply(to machine: Machine) async throws {
        let fix =
            """
            the registry may limit or refuse \(machine.host.name): name a mirror in the inventory (mirrors: \
            registries:), and run again
            """
        let missing = try await machine.run(Command("sh", "-c", Word(missingLook)).asRoot()).text.split(separator: "\n")
        try await ImagePuller(cluster: cluster).pull(missing.map(String.init), on: machine, fix: fix)
    }

    /// A control plane that runs has had its images; the kubelet may since have removed those that other nodes run.
    private var missingLook: String {
        """
        [ -f \(HostKubectl.adminConfig) ] && [ -f /etc/kubernetes/manifests/kube-scheduler.yaml ] && exit 0
        here=$(\(ImagePuller(cluster: cluster).presentLook)) || exit 1
        wanted=$(\(KubeadmImages(cluster: cluster).look)) || exit 1
        for image in $wanted; do echo "$here" | grep -Fqx -- "$image" || echo "$image"; done
        """
    }
}

/// The images that every node runs are on a machine before it joins: its pods then wait for no registry.
struct PrepulledImages: Step {
    let cluster: Cluster
    /// The images of the pod network; kubeadm names the others.
    let images: [String]

    /// Docker mirrors docker.io alone, so the kubelet could not pull through other mirrors: those images are here,
    /// always.
    private var isForDocker: Bool { cluster.runtime == .docker }

    private var kubeadm: KubeadmImages { KubeadmImages(cluster: cluster) }

    /// Whether this runtime has anything to pull before it joins.
    var isNeeded: Bool {
        let repository = cluster.imageRepository ?? Cluster.Defaults.imageRepository
        return !isForDocker || (images + [repository + "/pause"]).contains(where: isMirrored)
    }

    var title: String { "node images are present" }

    var questions: [Question] {
        [.command(ImagePuller(cluster: cluster).presentLook), .command(kubeadm.look)]
            + (isForDocker ? [] : [.file(HostKubectl.kubeletConfig)])
    }

    func differences(given answers: Answers) -> [Difference] {
        if isDone(answers) { return [] }
        return kubeadm.all(answers).isEmpty
            ? ["they are not known before kubeadm is installed"] : missing(answers).map { "\($0) is missing" }
    }

    func apply(to machine: Machine) async throws {
        let answers = try await machine.ask(questions)
        guard !kubeadm.all(answers).isEmpty else { throw kubeadm.noAnswer(on: machine.host) }
        try await ImagePuller(cluster: cluster).pull(
            missing(answers), on: machine,
            fix: "does the registry have it, or its mirror? Correct mirrors: registries: in the inventory")
    }

    /// A node's kubelet pulls by itself, and may have removed what it does not run.
    private func isDone(_ answers: Answers) -> Bool { !isForDocker && answers.file(HostKubectl.kubeletConfig) != nil }

    /// CoreDNS may run on any node; where it cannot be pulled then, it is here before.
    private func missing(_ answers: Answers) -> [String] {
        let look = answers.command(ImagePuller(cluster: cluster).presentLook).text
        let here = Set(look.split(separator: "\n").map(String.init))
        let names = ["pause", "kube-proxy"] + (isForDocker ? ["coredns"] : [])
        let wanted = names.compactMap { kubeadm.named($0, answers) } + images
        return wanted.filter { (!isForDocker || isMirrored($0)) && !here.contains($0) }
    }

    private func isMirrored(_ image: String) -> Bool { DockerMirror.source(of: image, cluster.mirrors) != nil }
}

/// How a machine's runtime pulls an image, and how it is asked which it has.
private struct ImagePuller {
    let cluster: Cluster

    /// Prints a reference a line.
    var presentLook: String {
        switch cluster.runtime {
        case .containerd: "ctr -n k8s.io images ls -q"
        case .docker: "docker image ls --format '{{.Repository}}:{{.Tag}}'"
        }
    }

    func pull(_ images: [String], on machine: Machine, fix: String) async throws {
        // ctr of containerd 1.x asks the registry itself; in 2.x containerd does, as Docker always did.
        for command in commands(for: images) {
            try await machine.run(command.through(cluster.outgoing).asRoot().within(.seconds(1800)), fix: fix)
        }
    }

    /// Three at once: one is unpacked while the next comes. Docker pulls by itself like that; it mirrors docker.io
    /// alone, so it pulls from the mirror and tags.
    private func commands(for images: [String]) -> [Command] {
        if cluster.runtime == .docker { return images.map(dockerPull) }
        guard !images.isEmpty else { return [] }
        let pull = Command("sh", "-c", Word(Self.containerdPull), "sh").line
        return [
            Command(
                ["sh", "-c", Word("printf '%s\\n' \"$@\" | xargs -n 1 -P 3 \(pull)"), "sh"] + images.map { Word($0) })
        ]
    }

    /// ctr comes with containerd, whoever packages it; crictl comes with nothing since kubeadm 1.32's package. It pulls
    /// this machine's platform and unpacks it for the default snapshotter. Without a label: CRI hears of the new image,
    /// makes the reference by its id and the label `io.cri-containerd.image=managed`, in this order, so the kubelet
    /// sees it (updateImage of containerd 1.6 to 2.3). ctr draws its progress ten times a second, whatever it writes
    /// to.
    private static let containerdPull =
        "ctr -n k8s.io images pull --hosts-dir \(RegistryMirrors.directory) \"$1\" >/dev/null && echo \"$1 is pulled\""

    private func dockerPull(_ image: String) -> Command {
        guard let (mirrored, _) = DockerMirror.source(of: image, cluster.mirrors) else {
            return Command("docker", "pull", Word(image))
        }
        return Command(
            "sh", "-c", "docker pull -- \"$1\" && docker tag -- \"$1\" \"$2\"", "sh", Word(mirrored), Word(image))
    }
}

/// Docker Engine knows mirrors for docker.io only; an image of another registry is pulled by its name at the mirror.
enum DockerMirror {
    /// The reference at the mirror, and the mirror's host; nil when the image's registry has none.
    static func source(of image: String, _ mirrors: Mirrors) -> (reference: String, host: String)? {
        guard let slash = image.firstIndex(of: "/"), let url = mirrors.registries[String(image[..<slash])] else {
            return nil
        }
        let host = RegistryMirrors.host(url)
        return (host + String(image[slash...]), host)
    }
}
