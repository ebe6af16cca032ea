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

    var questions: [Question] { [.command(ImagePull(cluster: cluster).presentLook)] }

    func differences(given answers: Answers) -> [Difference] {
        let here = Set(answers.command(ImagePull(cluster: cluster).presentLook).text.split(separator: "\n").map(String.init))
        return images.filter { !here.contains($0) }.map { "\($0) is missing" }
    }

    func apply(to machine: Machine) async throws {
        for image in images {
            try await machine.run(
                ImagePull(cluster: cluster).command(for: image),
                fix: "does the mirror have it? Correct mirrors: registries: in the inventory")
        }
    }
}
