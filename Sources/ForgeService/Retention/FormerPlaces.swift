import ForgeCore
import ForgeInventory
import ForgeTemplates

/// What earlier versions left on the first control plane at places that other services could have, too: those of one
/// name in several namespaces, and all whose images are in registries of one host.
struct FormerPlaces {
    private let service: Service

    init(_ service: Service) { self.service = service }

    /// Shell that removes what is this service's own; what does not say whose it is may be another's, and stays.
    var removal: String { ([manifests] + [login].compactMap { $0 }).joined(separator: "\n") }

    /// Manifests say their namespace.
    private var manifests: String {
        let namespace = "  namespace: \(service.namespace.yamlQuoted)"
        return """
            for former in \(service.name) \(service.name)-candidate; do
            former=\(RemotePaths.allManifests)/$former
            if grep -qxF -e \(namespace.shellQuoted) "$former"/deployment.yaml 2>/dev/null; then rm -rf -- "$former"; fi
            done
            """
    }

    /// A login is of a user, or of root's Docker, which is noted beside it. nil in a cluster with a registry of its
    /// own.
    private var login: String? {
        guard let registry = service.registry else { return nil }
        let place = RegistryPlace.formerLogin(to: registry).shellQuoted
        guard let user = service.registryLogin?.user else {
            return "if [ -e \(place)/source ]; then rm -rf -- \(place); fi"
        }
        return #"""
            auth=$(sed -n 's/.*"auth":"\([^"]*\)".*/\1/p' \#(place)/config.json 2>/dev/null | base64 -d 2>/dev/null) \#
            || :
            if [ "${auth%%:*}" = \#(user.shellQuoted) ]; then rm -rf -- \#(place); fi
            """#
    }
}
