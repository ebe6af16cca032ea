import ForgeCore
import ForgeInventory
import ForgePlan

/// The images that every node runs are on a machine before it joins: its pods then wait for no registry.
struct NodeImages: Step {
    let cluster: Cluster
    let images: [String]

    /// Docker mirrors docker.io alone, so the kubelet could not pull through other mirrors: those images are here, always.
    private var isForDocker: Bool { cluster.runtime == .docker }

    init(_ images: [String], cluster: Cluster) {
        self.cluster = cluster
        self.images = images.filter { cluster.runtime == .containerd || DockerMirror.source(of: $0, cluster.mirrors) != nil }
    }

    var title: String { "the images that every node runs are here" }

    /// CoreDNS may run on any node, and kubeadm knows its tag.
    private var dnsLook: String { ImagePull(cluster: cluster).wantedLook + " 2>/dev/null | grep /coredns" }

    var questions: [Question] {
        [.command(ImagePull(cluster: cluster).presentLook), isForDocker ? .command(dnsLook) : .file(Kubectl.kubeletConfig)]
    }

    func differences(given answers: Answers) -> [Difference] { missing(answers).map { "\($0) is missing" } }

    func apply(to machine: Machine) async throws {
        try await ImagePull(cluster: cluster).pull(
            missing(try await machine.ask(questions)), on: machine,
            fix: "does the registry have it, or its mirror? Correct mirrors: registries: in the inventory")
    }

    private func missing(_ answers: Answers) -> [String] {
        // A node's kubelet pulls by itself, and may have removed what it does not run.
        if !isForDocker, answers.file(Kubectl.kubeletConfig) != nil { return [] }
        let here = Set(lines(ImagePull(cluster: cluster).presentLook, answers))
        let dns = isForDocker ? lines(dnsLook, answers).filter { DockerMirror.source(of: $0, cluster.mirrors) != nil } : []
        return (images + dns).filter { !here.contains($0) }
    }

    private func lines(_ look: String, _ answers: Answers) -> [String] {
        answers.command(look).text.split(separator: "\n").map(String.init)
    }
}
