import ForgeCore
import ForgeInventory

/// One state of the service: its code, its data and how it was built, named by their digest. All names and places follow from it.
package struct Release: Sendable, Hashable {
    /// The name of the service.
    package let name: String
    /// The tag of its image: the first 16 hexadecimal digits of the build context's sha256.
    package let tag: String
    /// `host[:port]/path` that its image is pushed to; nil when it goes straight onto the nodes.
    package let registry: String?

    package init(name: String, tag: String, registry: String? = nil) {
        self.name = name
        self.tag = tag
        self.registry = registry
    }

    package init(of context: BuildContext, service: Service) {
        self.init(name: service.name, tag: context.tag, registry: service.registry)
    }

    /// As `docker build` tags it and `docker image ls` shows it: `inference:0123456789abcdef`.
    package var image: String { "\(name):\(tag)" }

    /// As the Deployment and containerd name the image: complete, with its registry.
    package var reference: String { (registry ?? "docker.io/library") + "/" + image }
}

extension Release {
    /// Out of the name that a Deployment gives its image; nil when it is not of this form.
    init?(reference: String, name: String) {
        guard let parts = reference.wholeMatch(of: /(.+)\/([^\/]+):([0-9a-f]{16})/), parts.2 == name else { return nil }
        let registry = String(parts.1)
        self.init(name: name, tag: String(parts.3), registry: registry == "docker.io/library" ? nil : registry)
    }

    /// The tag in a reference: `0123456789abcdef` of `docker.io/library/inference:0123456789abcdef`.
    static func tag(of image: String) -> String { String(image.split(separator: ":").last ?? "") }
}

/// Where things of the service lie on the first control plane.
package enum Places {
    /// What `docker build` gets.
    package static func context(_ tag: String) -> String { "/var/lib/kubeforge/contexts/\(tag)" }

    /// What a release must answer: golden.json, and the test rows that it is about.
    package static func answers(_ tag: String) -> String { "/var/lib/kubeforge/releases/\(tag)" }

    /// Images in parts: each part once under its digest, and a record for each release of what it is made of.
    package static let images = "/var/lib/kubeforge/images"

    /// What `kubectl apply -k` gets.
    package static func manifests(_ service: String) -> String { "/var/lib/kubeforge/manifests/\(service)" }
}
