import ForgeCore
import ForgeInventory
import ForgeTemplates

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
        guard let store else { return PodParts() }
        return PodParts(
            variables: [.init(name: "MODEL_STORE", value: store.url)],
            mounts: [.init(volume: volume, path: "/etc/model-store")], volumes: [.secret(volume, secret)])
    }

    private static let volume = "model-store"
}
