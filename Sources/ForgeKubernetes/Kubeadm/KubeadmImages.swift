import ForgeCore
import ForgeInventory
import ForgePlan

/// The images that the installed kubeadm wants, in its own words: a table of ours would lag behind every release.
struct KubeadmImages {
    let cluster: Cluster

    /// Prints a reference a line; nothing where kubeadm is not installed yet. With a version it asks nobody outside.
    var look: String {
        let repository = cluster.imageRepository ?? Cluster.Defaults.imageRepository
        return
            """
            kubeadm config images list --kubernetes-version v\(cluster.kubernetes) --image-repository \
            \(repository.shellQuoted) 2>/dev/null
            """
    }

    func all(_ answers: Answers) -> [String] { answers.command(look).text.split(separator: "\n").map(String.init) }

    /// The reference of one of them, by the last part of its name: `pause`, `kube-proxy`, `coredns`.
    func named(_ name: String, _ answers: Answers) -> String? {
        all(answers).first { $0.split(separator: "/").last?.split(separator: ":").first.map(String.init) == name }
    }

    /// The sandbox image; the runtime must name the same, or two are pulled, and one of them may be in no mirror.
    func sandbox(_ answers: Answers) -> String? { named("pause", answers) }

    static let notKnown: Difference = "its sandbox image is not known before kubeadm is installed"

    func noAnswer(on host: Host) -> Problem {
        Problem(
            what: "\(host.name): kubeadm does not name the images of \(cluster.kubernetes)",
            why: "`\(look)` names no pause image",
            fix: "run it on \(host.name) without `2>/dev/null`, to see what it says")
    }
}
