import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeTemplates
import Foundation

/// A Secret of a service that the cluster has, made of files of the operator's. Their content is never shown: what is
/// compared is a digest beside them.
///
/// Its name is of its content, and it is never changed: each release's pods name theirs, so that a new key that does
/// not let them in harms no pod of the release that runs.
struct ContentSecret: Step {
    /// `inference-store-01234567`
    let name: String
    let title: String
    private let service: Service
    private let files: [String: [UInt8]]
    private let kubectl: Kubectl

    /// `prefix`: the beginning of its name, of the service's own.
    init(_ prefix: String, _ files: [String: [UInt8]], of service: Service, title: String) {
        self.service = service
        self.files = files
        self.title = title
        kubectl = Kubectl(namespace: service.namespace)
        name = prefix + "-" + Self.digest(of: files).prefix(8)
    }

    var questions: [Question] { [.command(look)] }

    /// That it is missing, was made from other files, or cannot be read, with kubectl's words.
    func differences(given answers: Answers) -> [Difference] {
        let state = answers.command(look)
        switch state.text.trimming(while: \.isWhitespace) {
        case digest + "-" where state.exitCode == 0: return []
        case "" where state.exitCode == 0: return ["Secret \(service.namespace).\(name) is missing"]
        case _ where state.exitCode == 0: return ["Secret \(service.namespace).\(name) was made from other files"]
        case let said: return [Difference("Secret \(service.namespace).\(name) cannot be read: \(said)")]
        }
    }

    /// Server-side, so that the key is in no annotation.
    func apply(to machine: Machine) async throws {
        let fix =
            """
            see what the API server says: `sudo kubectl --kubeconfig /etc/kubernetes/admin.conf -n \
            \(service.namespace) get secret \(name)`
            """
        try await machine.run(applied, fix: fix)
    }

    /// The digest that the Secret names; `-` when it names none, and nothing when it is not there.
    private var look: String {
        let path = #"{range .items[*]}{.metadata.annotations.kubeforge\.io/digest}{"-"}{end}"#
        return kubectl.line(
            "get", "secret", "--field-selector", "metadata.name=\(name)", "-o", Word("jsonpath=\(path)")) + " 2>&1"
    }

    /// The digest of its content.
    var digest: String { Self.digest(of: files) }

    private static func digest(of files: [String: [UInt8]]) -> String {
        let all = files.sorted { $0.key < $1.key }.flatMap { Array("\($0.key) \($0.value.count)\n".utf8) + $0.value }
        return SHA256.hex(all)
    }

    /// Makes the namespace where it is missing, and the Secret in it; the manifest comes over standard input.
    var applied: Command {
        let apply = kubectl.line(Kubectl.serverSideApply)
        return Command("sh", "-c", Word("{ \(NamespaceIsThere.line(service.namespace, kubectl)); } && \(apply)"))
            .reading(.secret(Array(manifest.utf8))).asRoot()
    }

    private var manifest: String {
        let content = files.sorted { $0.key < $1.key }.map { "  \($0.key): \(Data($0.value).base64EncodedString())\n" }
        return """
            \(kubectl.head(ofSecret: name, for: service.name))
              annotations:
                kubeforge.io/digest: \(digest.yamlQuoted)
            type: Opaque
            immutable: true
            data:

            """ + content.joined()
    }
}
