import ForgeCore
import ForgeInventory

/// Where the cluster's registry keeps what on the machine that it runs on.
struct RegistryPlace: Sendable {
    var directory = "/var/lib/kubeforge/registry"
    /// The directory of the cluster's own authority: ca.crt and ca.key.
    var pki = String(ClusterRegistry.authority.dropLast("/ca.crt".count))

    /// What it reads: its configuration, certificate and key, and who may log in.
    var files: String { "\(directory)/files" }

    /// What kubeforge logs in with; only root may read it. `password`, and the same as a file for curl (`curl`) and for
    /// Docker (`config.json`).
    var login: String { "\(directory)/login" }

    /// Held shared by who pushes, and alone by who removes layers that no image has any longer.
    var lock: String { "\(directory)/lock" }
}

extension RegistryPlace {
    /// The name that kubeforge logs in with.
    static let user = "kubeforge"

    /// The directory with a config.json for Docker, where the inventory names a registry. Who logs in to one host may
    /// be another user for each service. `user`: nil for whoever Docker is logged in as.
    static func login(to registry: String, as user: String?) -> String {
        "\(formerLogin(to: registry))-\(digest(of: registry, user))"
    }

    /// The directory that earlier versions had for every user of the registry's host.
    static func formerLogin(to registry: String) -> String {
        "/var/lib/kubeforge/registries/\(registry.prefix { $0 != "/" })"
    }

    /// Eight hexadecimal digits for a user of a registry: `host[:port]/path`.
    static func digest(of registry: String, _ user: String?) -> Substring {
        SHA256.hex(Array("\(registry) \(user ?? "")".utf8)).prefix(8)
    }
}

extension Cluster {
    /// The directory of a config.json with what opens the registry of the service's image, on the first control plane.
    var registryLogin: String {
        service.registry.map { RegistryPlace.login(to: $0, as: service.registryLogin?.user) } ?? RegistryPlace().login
    }
}

/// curl as kubeforge asks the cluster's registry, on the machine that it runs on. The password comes out of a file.
struct RegistryCurl {
    let place: RegistryPlace

    init(_ place: RegistryPlace = RegistryPlace()) { self.place = place }

    /// Past any proxy: it is this machine.
    func line(_ words: Word...) -> String { Command(prefix + words).line }

    private var prefix: [Word] {
        [
            "curl", "-q", "-K", Word("\(place.login)/curl"), "--cacert", Word("\(place.pki)/ca.crt"), "--noproxy", "*",
            "--max-time", "20",
        ]
    }
}
