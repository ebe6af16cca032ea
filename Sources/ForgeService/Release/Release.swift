import ForgeCore
import ForgeInventory

/// One state of the service: its code, its data and how it was built, named by their digest. All names and places
/// follow from it.
package struct Release: Sendable, Hashable {
    /// The name of the service.
    package let name: String
    /// The tag of its image: the first 16 hexadecimal digits of the build context's sha256.
    package let tag: String
    /// `host[:port]/path` that its image is pushed to and pulled from.
    package let registry: String
    /// When its image was rebuilt, with the base image as it was then: `2026-11-26T20:21:31Z`. nil where nobody
    /// asked for that. The same files rebuilt are another release, under another tag: an image is never replaced by
    /// another of its name.
    package let rebuilt: String?

    package init(name: String, tag: String, registry: String, rebuilt: String? = nil) {
        self.name = name
        self.tag = tag
        self.registry = registry
        self.rebuilt = rebuilt
    }

    package init(of context: BuildContext, in cluster: Cluster) {
        self.init(name: cluster.service.name, tag: context.tag, registry: cluster.imagePrefix, rebuilt: context.rebuilt)
    }

    /// The image as `docker build` tags it and `docker image ls` shows it: `inference:0123456789abcdef`.
    package var image: String { "\(name):\(tag)" }

    /// The image as pods name it and their nodes pull it: complete, with its registry.
    package var reference: String { "\(registry)/\(image)" }

    /// The registry alone: `10.77.0.11:5443`.
    var host: String { String(registry.prefix { $0 != "/" }) }

    /// The image's name in its registry: `mlops/inference`.
    var repository: String { String((registry + "/" + name).dropFirst(host.count + 1)) }
}

extension Release {
    /// Where kubeforge put images before they came from a registry: straight into the nodes' runtimes, under a name of
    /// Docker Hub. Clusters may have some of them left.
    static let formerRegistry = "docker.io/library"

    /// Out of the name that a Deployment gives its image; nil when it is not of this form.
    init?(reference: String, name: String, rebuilt: String? = nil) {
        guard let parts = reference.wholeMatch(of: /(.+)\/([^\/]+):([0-9a-f]{16})/), parts.2 == name else { return nil }
        self.init(name: name, tag: String(parts.3), registry: String(parts.1), rebuilt: rebuilt)
    }

    /// The tag in a reference: `0123456789abcdef` of `10.77.0.11:5443/mlops/inference:0123456789abcdef`.
    static func tag(of image: String) -> String { String(image.split(separator: ":").last ?? "") }
}

/// Where things of the service lie on the first control plane.
package enum RemotePaths {
    /// What `docker build` gets.
    package static func context(_ tag: String) -> String { "\(contexts)/\(tag)" }

    /// All of them. Training data are in them.
    package static let contexts = "/var/lib/kubeforge/contexts"

    /// What a release must answer: golden.json, and the test rows that it is about.
    package static func answers(_ tag: String) -> String { "/var/lib/kubeforge/releases/\(tag)" }

    /// Images in parts, as kubeforge kept them before they came from a registry.
    package static let images = "/var/lib/kubeforge/images"

    /// What `kubectl apply -k` gets for the Deployment of that name. Services of several namespaces may have one name.
    package static func manifests(_ name: String, in namespace: String) -> String {
        "\(allManifests)/\(namespace).\(name)"
    }

    /// Those of all services.
    static let allManifests = "/var/lib/kubeforge/manifests"
}

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

    /// What follows the name of an image in a sentence.
    var phrase: String { version == Self.ofImage ? " with its own models" : " with models \(version)" }

    /// The init container that fetches them.
    static let container = "models"

    /// The volume with what lets pods into the store.
    private static let volume = "model-store"
}

extension ModelVersion {
    /// The models of pods that are described so; nil for models in the image.
    init?(_ pod: ClusterObject.Spec.PodSpec?) {
        let variables = pod?.initContainers?.first { $0.name == Self.container }?.env ?? []
        func value(_ name: String) -> String? { variables.first { $0.name == name }?.value }
        guard let url = value("MODEL_STORE") else { return nil }
        self.init(
            url: url, version: value("MODEL_VERSION"),
            secret: pod?.volumes?.first { $0.name == Self.volume }?.secret?.secretName)
    }
}
