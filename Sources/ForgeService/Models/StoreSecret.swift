import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeTemplates
import Foundation

/// The cluster has a key and the host keys with which pods reach the model store. Their content is never shown: what is
/// compared is a digest beside them.
///
/// Its name is of its content, and it is never changed: each release's pods name theirs, so that a new key that does
/// not let them in harms no pod of the release that runs.
package struct StoreSecret: Step {
    /// `inference-store-01234567`
    let name: String
    private let service: Service
    private let files: [String: [UInt8]]
    private let kubectl: Kubectl

    /// Who mounts it.
    package enum User: Sendable {
        /// The service, batch runs and schedules, which fetch.
        case pods
        /// It puts models into the store.
        case training
    }

    /// nil when the models are in the image; reads the files from the operator's disk. Both users have the same one
    /// where the inventory names no key that may read only.
    package init?(_ cluster: Cluster, for user: User) throws(Problem) {
        guard let store = cluster.service.models else { return nil }
        service = cluster.service
        kubectl = Kubectl(namespace: service.namespace)
        title = user == .pods ? "model-store Secret is up to date" : "model-store Secret for trainings is up to date"
        // The name in the Secret tells store.py whether it may write.
        let (key, path) =
            if user == .pods, let path = store.readKeyPath { ("readKey", path) } else { ("key", store.keyPath) }
        files = [
            key: try Self.read(path, key, cluster),
            "known_hosts": try Self.read(store.knownHostsPath, "knownHosts", cluster),
        ]
        name = Self.name(service) + "-" + Self.digest(of: files).prefix(8)
    }

    /// The beginning of its name; the whole name of the one that releases had from before it was named by its content.
    package static func name(_ service: Service) -> String { "\(service.name)-store" }

    /// Tells whose key it is: that of the pods, which may read, or that of trainings.
    package let title: String

    package var questions: [Question] { [.command(look)] }

    /// That it is missing, was made from other files, or cannot be read, with kubectl's words.
    package func differences(given answers: Answers) -> [Difference] {
        let state = answers.command(look)
        switch state.text.trimming(while: \.isWhitespace) {
        case digest + "-" where state.exitCode == 0: return []
        case "" where state.exitCode == 0: return ["Secret \(service.namespace).\(name) is missing"]
        case _ where state.exitCode == 0: return ["Secret \(service.namespace).\(name) was made from other files"]
        case let said: return [Difference("Secret \(service.namespace).\(name) cannot be read: \(said)")]
        }
    }

    /// Server-side, so that the key is in no annotation.
    package func apply(to machine: Machine) async throws {
        let fix =
            "see what the API server says: `sudo kubectl --kubeconfig /etc/kubernetes/admin.conf -n \(service.namespace) get secret \(name)`"
        try await machine.run(applied, fix: fix)
    }

    /// The digest that the Secret names; `-` when it names none, and nothing when it is not there.
    private var look: String {
        let path = #"{range .items[*]}{.metadata.annotations.kubeforge\.io/digest}{"-"}{end}"#
        return kubectl.line(
            "get", "secret", "--field-selector", "metadata.name=\(name)", "-o", Word("jsonpath=\(path)")) + " 2>&1"
    }

    /// Of its content.
    var digest: String { Self.digest(of: files) }

    private static func digest(of files: [String: [UInt8]]) -> String {
        let all = files.sorted { $0.key < $1.key }.flatMap { Array("\($0.key) \($0.value.count)\n".utf8) + $0.value }
        return SHA256.hex(all)
    }

    /// Makes the namespace where it is missing, and the Secret in it; the manifest comes over standard input.
    package var applied: Command {
        let apply = kubectl.line(Kubectl.serverSideApply)
        return Command("sh", "-c", Word("{ \(NamespaceIsThere.line(service.namespace, kubectl)); } && \(apply)"))
            .reading(.secret(Array(manifest.utf8))).asRoot()
    }

    private var manifest: String {
        let content = files.sorted { $0.key < $1.key }.map { "  \($0.key): \(Data($0.value).base64EncodedString())\n" }
        return """
            apiVersion: v1
            kind: Secret
            metadata:
              name: \(name.yamlQuoted)
              namespace: \(service.namespace.yamlQuoted)
              labels:
                app.kubernetes.io/name: \(service.name.yamlQuoted)
                app.kubernetes.io/managed-by: kubeforge
              annotations:
                kubeforge.io/digest: \(digest.yamlQuoted)
            type: Opaque
            immutable: true
            data:

            """ + content.joined()
    }

    private static func read(_ path: String, _ key: String, _ cluster: Cluster) throws(Problem) -> [UInt8] {
        do throws(LocalFile.Failure) {
            return try LocalFile.read(path).bytes
        } catch {
            throw Problem(
                .invalidInventory, what: "\(path) cannot be read", why: error.reason,
                fix: "correct service: models: \(key): in \(cluster.path.isEmpty ? "the inventory" : cluster.path)")
        }
    }
}
