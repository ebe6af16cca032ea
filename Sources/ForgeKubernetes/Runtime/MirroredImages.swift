import ForgeCore
import ForgeInventory
import ForgePlan

/// With Docker as the runtime, the images that every node runs are here: the kubelet could not pull them, because Docker mirrors docker.io alone.
struct MirroredImages: Step {
    let cluster: Cluster
    let images: [String]

    /// Those of the images that a mirror has.
    init(_ images: [String], cluster: Cluster) {
        self.cluster = cluster
        self.images = images.filter { DockerMirror.source(of: $0, cluster.mirrors) != nil }
    }

    var title: String { "the images that every node runs are here" }

    /// CoreDNS may run on any node, and kubeadm knows its tag.
    private var dnsLook: String { ImagePull(cluster: cluster).wantedLook + " 2>/dev/null | grep /coredns" }

    var questions: [Question] { [.command(ImagePull(cluster: cluster).presentLook), .command(dnsLook)] }

    func differences(given answers: Answers) -> [Difference] { missing(answers).map { "\($0) is missing" } }

    func apply(to machine: Machine) async throws {
        for image in missing(try await machine.ask(questions)) {
            try await machine.run(
                ImagePull(cluster: cluster).command(for: image),
                fix: "does the mirror have it? Correct mirrors: registries: in the inventory")
        }
    }

    private func missing(_ answers: Answers) -> [String] {
        let here = Set(lines(ImagePull(cluster: cluster).presentLook, answers))
        let dns = lines(dnsLook, answers).filter { DockerMirror.source(of: $0, cluster.mirrors) != nil }
        return (images + dns).filter { !here.contains($0) }
    }

    private func lines(_ look: String, _ answers: Answers) -> [String] {
        answers.command(look).text.split(separator: "\n").map(String.init)
    }
}
