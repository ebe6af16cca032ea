import ForgeCore
import ForgePlan

/// A control plane that the inventory calls schedulable is schedulable: kubeadm's taints are gone.
struct ControlPlaneIsSchedulable: Step {
    let host: Host

    var title: String { "\(host.name) is schedulable" }

    var questions: [Question] { [.command(look)] }

    func differences(given answers: Answers) -> [Difference] {
        let state = answers.command(look)
        if state.exitCode != 0 { return ["its taints are not known yet"] }
        return state.text.split(whereSeparator: \.isWhitespace).filter { Self.taints.contains(String($0)) }.map {
            "it has the taint \($0)"
        }
    }

    func apply(to machine: Machine) async throws {
        let script = Self.taints.map {
            "kubectl --kubeconfig \(Kubectl.adminConfig) taint node \(host.name) \($0)- || true"
        }.joined(
            separator: "\n")
        try await machine.run(Command("sh", "-c", Word(script)).asRoot())
    }

    private static let taints = ["node-role.kubernetes.io/master", "node-role.kubernetes.io/control-plane"]

    private var look: String { Kubectl.asAdmin("get node \(host.name) -o 'jsonpath={.spec.taints[*].key}'") }
}
