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
        [ -f \(Kubectl.adminConfig) ] && [ -f /etc/kubernetes/manifests/kube-scheduler.yaml ] && exit 0
        here=$(\(ImagePuller(cluster: cluster).presentLook)) || exit 1
        wanted=$(\(KubeadmImages(cluster: cluster).look)) || exit 1
        for image in $wanted; do echo "$here" | grep -Fqx -- "$image" || echo "$image"; done
        """
    }
}
