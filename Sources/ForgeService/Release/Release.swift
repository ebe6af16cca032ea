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
    /// When its image was built anew, with the base image as it was then: `2026-11-26T20:21:31Z`. nil where nobody
    /// asked for that. The same files built anew are another release, under another tag: an image is never replaced by
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

    /// As `docker build` tags it and `docker image ls` shows it: `inference:0123456789abcdef`.
    package var image: String { "\(name):\(tag)" }

    /// As pods name the image and their nodes pull it: complete, with its registry.
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

    /// What `kubectl apply -k` gets.
    package static func manifests(_ service: String) -> String { "/var/lib/kubeforge/manifests/\(service)" }
}
