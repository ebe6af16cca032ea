import ForgeCore
import ForgeInventory

/// Which models pods fetch from the model store before they start.
package struct ModelVersion: Sendable, Hashable {
    /// `sftp://user@host[:port]/path`
    package let url: String
    /// A version in the store, or `image`: that of the image's own models.
    package let version: String
    /// The Secret with which they reach it; nil for the one of releases from before Secrets were named by their
    /// content.
    package var secret: String?

    /// `version`: nil for that of the image's own models.
    package init(url: String, version: String?, secret: String? = nil) {
        self.url = url
        self.version = version ?? Self.ofImage
        self.secret = secret
    }

    static let ofImage = "image"

    /// Behind the name of an image.
    var phrase: String { version == Self.ofImage ? " with its own models" : " with models \(version)" }

    /// The init container that fetches them.
    static let container = "models"

    /// With what lets pods into the store.
    private static let volume = "model-store"
}

extension ModelVersion {
    /// Those of pods that are described so; nil for models in the image.
    init?(_ pod: ClusterObject.Spec.PodSpec?) {
        let variables = pod?.initContainers?.first { $0.name == Self.container }?.env ?? []
        func value(_ name: String) -> String? { variables.first { $0.name == name }?.value }
        guard let url = value("MODEL_STORE") else { return nil }
        self.init(
            url: url, version: value("MODEL_VERSION"),
            secret: pod?.volumes?.first { $0.name == Self.volume }?.secret?.secretName)
    }
}
