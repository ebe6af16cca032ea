import ForgeCore
import ForgeInventory
import ForgePlan

/// The images that every node runs are on a machine before it joins: its pods then wait for no registry.
struct PrepulledImages: Step {
    let cluster: Cluster
    /// Those of the pod network; kubeadm names the others.
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
            + (isForDocker ? [] : [.file(Kubectl.kubeletConfig)])
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
    private func isDone(_ answers: Answers) -> Bool { !isForDocker && answers.file(Kubectl.kubeletConfig) != nil }

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
