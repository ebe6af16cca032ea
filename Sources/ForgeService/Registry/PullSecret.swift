import ForgeCore
import ForgeInventory
import ForgePlan

/// The namespace has the Secret with which its pods' images are pulled: the same config.json that opens the registry
/// for Docker's push. What is compared stays inside the host's shell.
///
/// Its name is of the registry and of who logs in there: each release's pods name theirs, so that a deploy to another
/// registry takes nothing from the release that runs, nor from one that can be restored. A new password of the same
/// login goes into the same Secret: the registry, which has let Docker in with it, takes the old one no longer. The
/// password is no part of the name, which more people may read than the Secret.
struct PullSecret: Step {
    /// `inference-registry-01234567`
    let name: String
    private let service: Service
    private let kubectl: Kubectl
    private let file: String

    init(_ cluster: Cluster) {
        service = cluster.service
        kubectl = Kubectl(namespace: cluster.service.namespace)
        file = "\(cluster.registryLogin)/config.json"
        name = Self.name(of: cluster)
    }

    /// The name of the Secret of the next release's pods.
    static func name(of cluster: Cluster) -> String {
        name(cluster.service) + "-"
            + RegistryPlace.digest(of: cluster.imagePrefix, cluster.service.registryLogin?.user)
    }

    /// The beginning of its name; the whole name of the one that releases had from before it was named by its registry.
    static func name(_ service: Service) -> String { "\(service.name)-registry" }

    /// Whether kubeforge gives a Secret of that service this name.
    static func isName(_ text: String, of service: Service) -> Bool {
        text.hasPrefix(name(service)) && text.dropFirst(name(service).count).wholeMatch(of: /(-[0-9a-f]{8})?/) != nil
    }

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
                """
                see what the API server says: `sudo kubectl --kubeconfig /etc/kubernetes/admin.conf -n \
                \(service.namespace) get secret \(name)`
                """
        )
    }

    private var secret: String { "\(service.namespace).\(name)" }

    private var look: String {
        let get = kubectl.line(
            "get", "secret", "--field-selector", Word("metadata.name=\(name)"), "--output",
            #"jsonpath={range .items[*]}{.data.\.dockerconfigjson}{end}"#)
        return """
            there=$(\(get) 2>&1) || { printf %s "$there"; exit 1; }
            if [ -z "$there" ]; then echo missing; elif [ "$there" = "$(base64 -w 0 \(file.shellQuoted) 2>/dev/null)" \
            ]; then echo same; else echo other; fi
            """
    }

    private var change: Command {
        let apply = kubectl.line(Kubectl.serverSideApply)
        let script = """
            set -eu; \(NamespaceIsThere.line(service.namespace, kubectl))
            \(apply) <<MANIFEST
            \(kubectl.head(ofSecret: name, for: service.name))
            type: kubernetes.io/dockerconfigjson
            data:
              .dockerconfigjson: $(base64 -w 0 \(file.shellQuoted))
            MANIFEST
            """
        return Command("sh", "-c", Word(script)).asRoot()
    }
}
