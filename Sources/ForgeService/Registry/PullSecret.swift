import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeTemplates

/// The namespace has the Secret with which its pods' images are pulled: the same config.json that opens the registry
/// for Docker's push. What is compared stays inside the host's shell.
struct PullSecret: Step {
    private let service: Service
    private let kubectl: Kubectl
    private let file: String

    init(_ cluster: Cluster) {
        service = cluster.service
        kubectl = Kubectl(namespace: cluster.service.namespace)
        file = "\(cluster.registryLogin)/config.json"
    }

    /// The name of the Secret, which every pod of the service names.
    static func name(_ service: Service) -> String { "\(service.name)-registry" }

    var title: String { "pods may pull from the registry" }

    var questions: [Question] { [.command(look)] }

    func differences(given answers: Answers) -> [Difference] {
        let state = answers.command(look)
        switch state.text.trimming(while: \.isWhitespace) {
        case "same" where state.exitCode == 0: return []
        case "missing" where state.exitCode == 0: return ["Secret \(secret) is missing"]
        case "other" where state.exitCode == 0: return ["Secret \(secret) has another password"]
        case let said: return [Difference("Secret \(secret) cannot be read: \(said)")]
        }
    }

    func apply(to machine: Machine) async throws {
        try await machine.run(
            change,
            fix:
                "see what the API server says: `sudo kubectl --kubeconfig /etc/kubernetes/admin.conf -n \(service.namespace) get secret \(Self.name(service))`"
        )
    }

    private var secret: String { "\(service.namespace).\(Self.name(service))" }

    private var look: String {
        let get = kubectl.line(
            "get", "secret", "--field-selector", Word("metadata.name=\(Self.name(service))"), "--output",
            #"jsonpath={range .items[*]}{.data.\.dockerconfigjson}{end}"#)
        return """
            there=$(\(get) 2>&1) || { printf %s "$there"; exit 1; }
            if [ -z "$there" ]; then echo missing; elif [ "$there" = "$(base64 -w 0 \(file.shellQuoted) 2>/dev/null)" ]; then echo same; else echo other; fi
            """
    }

    private var change: Command {
        let apply = kubectl.line(Kubectl.serverSideApply)
        let script = """
            set -eu; \(NamespaceIsThere.line(service.namespace, kubectl))
            \(apply) <<MANIFEST
            apiVersion: v1
            kind: Secret
            metadata:
              name: \(Self.name(service).yamlQuoted)
              namespace: \(service.namespace.yamlQuoted)
              labels:
                app.kubernetes.io/name: \(service.name.yamlQuoted)
                app.kubernetes.io/managed-by: kubeforge
            type: kubernetes.io/dockerconfigjson
            data:
              .dockerconfigjson: $(base64 -w 0 \(file.shellQuoted))
            MANIFEST
            """
        return Command("sh", "-c", Word(script)).asRoot()
    }
}
