import ForgeCore
import ForgeTemplates

/// kubectl in a namespace, on a control plane whose API server is there: as root, as the cluster's administrator.
struct Kubectl: Sendable {
    let namespace: String

    /// kubectl as a value to run.
    func command(_ words: Word...) -> Command { Command(prefix + words).asRoot() }

    func command(_ words: [Word]) -> Command { Command(prefix + words).asRoot() }

    /// kubectl as text, for questions and scripts.
    func line(_ words: Word...) -> String { line(words) }

    func line(_ words: [Word]) -> String { Command(prefix + words).line }

    /// kubectl as a question that tells why it has no answer. What questions print to standard error is not kept, so
    /// kubectl's own words follow what it printed where it fails, and only there: a warning is no part of an answer.
    func look(_ words: Word...) -> String { look(words) }

    func look(_ words: [Word]) -> String { Self.tellingWhy(line(words)) }

    /// The same of a line of kubectl that the shell completes. `isRun`: whether it is also run as a command, whose last
    /// words are those on standard error.
    static func tellingWhy(_ line: String, isRun: Bool = false) -> String {
        let said = "said=$(\(line) 2>&1 >&3 3>&-)"
        let aloud = isRun ? " printf '%s\\n' \"$said\" >&2;" : ""
        return "{ \(said) || { code=$?; printf '\\n%s\\n' \"$said\";\(aloud) exit \"$code\"; }; } 3>&1"
    }

    /// Applies what it reads server-side: what a client applies is kept a second time, as an annotation that
    /// many tools show.
    static let serverSideApply: [Word] = [
        "apply", "--server-side", "--force-conflicts", "--field-manager=kubeforge", "-f", "-",
    ]

    /// Applies the manifest of a Secret, whose text is never shown.
    func apply(secret manifest: String) -> Command {
        command(Self.serverSideApply).reading(.secret(Array(manifest.utf8)))
    }

    /// How the manifest of each Secret begins, up to its labels. `owner`: the object or the pods that it is for. `run`:
    /// the one that it belongs to; nil where it belongs to none.
    func head(ofSecret name: String, for owner: String, run: String? = nil) -> String {
        let instance = run.map { "\n    app.kubernetes.io/instance: \($0.yamlQuoted)" } ?? ""
        return """
            apiVersion: v1
            kind: Secret
            metadata:
              name: \(name.yamlQuoted)
              namespace: \(namespace.yamlQuoted)
              labels:
                app.kubernetes.io/name: \(owner.yamlQuoted)\(instance)
                app.kubernetes.io/managed-by: kubeforge
            """
    }

    private var prefix: [Word] {
        [
            "kubectl", "--kubeconfig", "/etc/kubernetes/admin.conf", "--request-timeout=30s", "--namespace",
            Word(namespace),
        ]
    }
}

/// A namespace that is not there is made as kubeforge makes it; one that is there stays as its owner made it.
enum NamespaceIsThere {
    /// Its labels, by which it is known to be kubeforge's.
    static func manifest(_ name: String) -> String {
        """
        {"apiVersion":"v1","kind":"Namespace","metadata":{"name":"\(name)","labels":\
        {"app.kubernetes.io/managed-by":"kubeforge","pod-security.kubernetes.io/enforce":"restricted"}}}
        """
    }

    /// The step as shell; it reads nothing from its standard input.
    static func line(_ name: String, _ kubectl: Kubectl) -> String {
        let create = kubectl.line("create", "-f", "-")
        return
            """
            \(kubectl.line("get", "namespace", Word(name))) >/dev/null 2>&1 || printf %s \(manifest(name).shellQuoted) \
            | \(create) >/dev/null
            """
    }
}
