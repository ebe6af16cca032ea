import ForgeCore
import ForgeInventory

/// Whose a build context, an image on the machine that builds, and the answers beside it are: places named by content
/// alone may be several services' at once. An empty file for each of them says so.
struct Ownership: Sendable, Hashable {
    /// `mlops.inference`: neither name can have a dot.
    let owner: String

    init(_ service: Service) { owner = "\(service.namespace).\(service.name)" }

    static let directory = "/var/lib/kubeforge/owners"

    func note(_ tag: String) -> String { "\(Self.directory)/\(tag)/\(owner)" }

    /// Shell that lets lines `present TAG` through where the tag is this service's. What nobody is noted for may be
    /// anybody's, and stays.
    var filter: String {
        "{ while read -r word tag; do [ ! -e \(Self.directory)/\"$tag\"/\(owner) ] || echo \"$word $tag\"; done; }"
    }

    /// Shell, for `$tag`: gives up this service's part, and is true when nobody else has one.
    var isLast: String {
        """
        [ -e \(Self.directory)/$tag/\(owner) ] && rm -f -- \(Self.directory)/$tag/\(owner) && \
        rmdir -- \(Self.directory)/$tag 2>/dev/null
        """
    }
}
