import ForgeCore
import ForgeInventory
import ForgePlan

/// How an image comes from the machine that built it onto a node.
package protocol ImageRoute: Sendable {
    /// Afterwards the node's runtime has the release's image under its reference.
    func bring(_ release: Release, to node: Machine) async throws
}

/// The container runtime of the nodes: how it is asked for an image, and how it takes one in.
struct NodeRuntime: Sendable {
    let kind: Cluster.Runtime

    /// Prints something exactly when the image is there, with all its layers: an import that was cut short leaves its name.
    func look(_ release: Release) -> String {
        switch kind {
        case .containerd: Command("ctr", "--namespace", "k8s.io", "images", "check", "-q", Word("name==\(release.reference)")).line
        case .docker: DockerImage.look(release.reference)
        }
    }

    /// Reads an archive with some or all of an image's layers.
    var load: Command {
        let command =
            switch kind {
            case .containerd: Command("ctr", "--namespace", "k8s.io", "images", "import", "-")
            case .docker: Command("docker", "load", "--quiet")
            }
        return command.asRoot().within(.seconds(3600))
    }

    /// Whether it runs at all.
    var sign: String {
        switch kind {
        case .containerd: "ctr version"
        case .docker: "docker version"
        }
    }
}
