import ForgeCore
import ForgePlan

/// kubectl on a machine, with the machine's own credentials.
package enum Kubectl {
    /// Where kubeadm puts the administrator's credentials, on control planes alone; root reads it.
    package static let adminConfig = "/etc/kubernetes/admin.conf"
    static let kubeletConfig = "/etc/kubernetes/kubelet.conf"

    /// A line of shell that asks the API server as the administrator; it gives up soon, because it is asked again.
    package static func asAdmin(_ arguments: String) -> String { line(adminConfig, arguments) }

    /// The same as the node itself, which may read its own object.
    static func asNode(_ arguments: String) -> String { line(kubeletConfig, arguments) }

    /// As a command that changes something.
    package static func command(_ words: Word...) -> Command { command(words) }

    static func command(_ words: [Word]) -> Command {
        Command([Word("kubectl"), "--kubeconfig", Word(adminConfig)] + words).asRoot().within(.seconds(120))
    }

    private static func line(_ config: String, _ arguments: String) -> String {
        "[ -f \(config) ] && kubectl --kubeconfig \(config) --request-timeout=10s \(arguments)"
    }
}
