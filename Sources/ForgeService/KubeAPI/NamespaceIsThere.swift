import ForgeCore
import ForgeTemplates

/// A namespace that is not there is made as kubeforge makes it; one that is there stays as its owner made it.
enum NamespaceIsThere {
    /// Its labels, by which it is known to be kubeforge's.
    static func manifest(_ name: String) -> String {
        """
        {"apiVersion":"v1","kind":"Namespace","metadata":{"name":"\(name)","labels":\
        {"app.kubernetes.io/managed-by":"kubeforge","pod-security.kubernetes.io/enforce":"restricted"}}}
        """
    }

    /// As shell; it reads nothing from its standard input.
    static func line(_ name: String, _ kubectl: Kubectl) -> String {
        let create = kubectl.line("create", "-f", "-")
        return
            """
            \(kubectl.line("get", "namespace", Word(name))) >/dev/null 2>&1 || printf %s \(manifest(name).shellQuoted) \
            | \(create) >/dev/null
            """
    }
}
