import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeTemplates

/// The cluster has a key and the host keys with which pods reach the model store, and who must have signed what is
/// there.
package struct StoreSecret: Step {
    private let content: ContentSecret

    /// Who mounts it.
    package enum User: Sendable {
        /// The service, batch runs and schedules, which fetch.
        case pods
        /// It puts models into the store.
        case training
        /// Their pods put predictions there.
        case schedules
    }

    /// nil when the models are in the image; reads the files from the operator's disk. All users have the same one
    /// where the inventory names no key that may read only.
    package init?(_ cluster: Cluster, for user: User) throws(Problem) {
        guard let store = cluster.service.models else { return nil }
        // The name in the Secret tells store.py whether it may write.
        let (key, path) =
            if user == .pods, let path = store.readKeyPath { ("readKey", path) } else { ("key", store.keyPath) }
        var files = [
            key: try Self.read(path, key, cluster),
            "known_hosts": try Self.read(store.knownHostsPath, "knownHosts", cluster),
        ]
        // Where it is there, store.py uses nothing that they have not signed.
        if let signing = store.signing {
            files["allowed_signers"] = try Self.read(signing.signersPath, "signers", cluster)
        }
        let whose =
            switch user {
            case .pods: ""
            case .training: " for trainings"
            case .schedules: " for predictions"
            }
        content = ContentSecret(
            Self.name(cluster.service), files, of: cluster.service, title: "model-store Secret\(whose) is up to date")
    }

    /// The beginning of its name; the whole name of the one that releases had from before it was named by its content.
    package static func name(_ service: Service) -> String { "\(service.name)-store" }

    /// Tells whose key it is: that of the pods, which may read, or that of trainings or schedules, which may write.
    package var title: String { content.title }

    package var questions: [Question] { content.questions }

    /// That it is missing, was made from other files, or cannot be read, with kubectl's words.
    package func differences(given answers: Answers) -> [Difference] { content.differences(given: answers) }

    /// Server-side, so that the key is in no annotation.
    package func apply(to machine: Machine) async throws { try await content.apply(to: machine) }

    /// `inference-store-01234567`
    var name: String { content.name }

    /// The digest of its content.
    var digest: String { content.digest }

    /// Makes the namespace where it is missing, and the Secret in it.
    package var applied: Command { content.applied }

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

/// What a pod needs besides its own where models are in a model store.
enum ModelStoreParts {
    /// To have its models from there. `models`: nil where they are in the image. `image`: the service's, not quoted.
    static func download(_ models: ModelVersion?, of service: Service, image: String, templates: Templates)
        throws(Problem) -> PodParts
    {
        guard let models else { return PodParts() }
        let container = try templates["kubernetes/models.yaml"].render([
            "image": image.yamlQuoted, "store": models.url.yamlQuoted, "version": models.version.yamlQuoted,
        ])
        return PodParts(
            mounts: [.init(volume: "models", path: DeployedModelFiles.directory)],
            volumes: [.disk("models", limit: "1Gi"), .secret(volume, models.secret ?? StoreSecret.name(service))],
            initContainers: container)
    }

    /// To put its models there; nothing without a store. `secret`: the name of what lets it in.
    static func upload(to store: ModelStore?, by secret: String) -> PodParts {
        store.map { write(to: $0.url, by: secret, volume: volume) } ?? PodParts()
    }

    /// To write to the store at this address. `volume`: the Secret's; a pod that has models from there, too, has one
    /// for each of its keys.
    static func write(to url: String, by secret: String, volume: String) -> PodParts {
        PodParts(
            variables: [.init(name: "MODEL_STORE", value: url)],
            mounts: [.init(volume: volume, path: "/etc/model-store")], volumes: [.secret(volume, secret)])
    }

    private static let volume = "model-store"
}
