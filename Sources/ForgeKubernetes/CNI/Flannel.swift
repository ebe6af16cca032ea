import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeTemplates

extension CNI {
    /// flannel over VXLAN, with the cluster's pod network, on the interface that carries each node's address.
    static let flannel = CNI(name: "flannel", template: "cni/flannel.yaml") { cluster, templates throws(Problem) in
        let manifest = RemoteFile(
            "/var/lib/kubeforge/flannel.yaml",
            try templates["cni/flannel.yaml"].render(["podNetwork": "\(cluster.podNetwork)"]))
        return [
            FileIs(manifest, title: "flannel's manifest is written"),
            Manifest("flannel is applied", path: manifest.path),
        ]
    }
}

/// What a manifest on the control plane says is so in the cluster.
struct Manifest: Step {
    let title: String
    let path: String

    init(_ title: String, path: String) {
        self.title = title
        self.path = path
    }

    var questions: [Question] { [.command(look)] }

    /// `kubectl diff` asks the API server what an apply would change: 0 is nothing, 1 is something, more is a failure.
    func differences(given answers: Answers) -> [Difference] {
        switch answers.command(look).exitCode {
        case 0: []
        case 1: ["the cluster differs from \(path)"]
        case 124: ["whether the cluster is as \(path) says is not known: kubectl diff took too long"]
        default: ["whether the cluster is as \(path) says is not known: kubectl diff failed"]
        }
    }

    func apply(to machine: Machine) async throws {
        try await machine.run(Kubectl.command("apply", "-f", Word(path)))
    }

    private var look: String { "[ -f \(path) ] && " + Kubectl.asAdmin("diff -f \(path) >/dev/null") }
}
