import ForgeCore

/// kubectl as kubeforge calls it: on a control plane, as root, as the cluster's administrator.
struct Kubectl: Sendable {
    let namespace: String

    /// As a value to run.
    func command(_ words: Word...) -> Command { Command(prefix + words).asRoot() }

    func command(_ words: [Word]) -> Command { Command(prefix + words).asRoot() }

    /// As text, for questions and scripts.
    func line(_ words: Word...) -> String { line(words) }

    func line(_ words: [Word]) -> String { Command(prefix + words).line }

    private var prefix: [Word] {
        [
            "kubectl", "--kubeconfig", "/etc/kubernetes/admin.conf", "--request-timeout=30s", "--namespace",
            Word(namespace),
        ]
    }
}
