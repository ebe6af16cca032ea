import ForgeCore
import ForgeInventory
import ForgePlan

/// How the runtimes learn about mirrors of registries.
struct RegistryMirrors {
    let cluster: Cluster

    static let directory = "/etc/containerd/certs.d"

    /// One hosts.toml for each mirrored registry. The upstream stays as containerd's own last resort.
    func containerdFiles() -> [FileIs] {
        cluster.mirrors.registries.sorted { $0.key < $1.key }.map { registry, url in
            let text = """
                # Written by kubeforge.
                server = "https://\(registry == "docker.io" ? "registry-1.docker.io" : registry)"

                [host."\(url)"]
                  capabilities = ["pull", "resolve"]

                """
            return FileIs(
                RemoteFile("\(Self.directory)/\(registry)/hosts.toml", text), title: "\(registry) is pulled from \(url)"
            )
        } + pushRegistry()
    }

    /// The registries that images are pushed to, where they speak plain HTTP: they are mirrors' hosts then.
    private func pushRegistry() -> [FileIs] {
        plainPushHosts.map { host in
            let text =
                """
                # Written by kubeforge.\nserver = \"http://\(host)\"\n\n[host.\"http://\(host)\"]\n  capabilities = \
                [\"pull\", \"resolve\", \"push\"]\n
                """
            return FileIs(
                RemoteFile("\(Self.directory)/\(host)/hosts.toml", text), title: "\(host) is accessed over plain HTTP")
        }
    }

    private var plainPushHosts: [String] {
        let hosts = cluster.services.compactMap { $0.registry.map { String($0.prefix { $0 != "/" }) } }
        return Set(hosts).sorted().filter { cluster.mirrors.registries.values.contains("http://" + $0) }
    }

    /// `host[:port]` of a URL.
    static func host(_ url: String) -> String {
        let rest = url.firstRange(of: "://").map { url[$0.upperBound...] } ?? url[...]
        return String(rest.prefix { $0 != "/" })
    }
}

/// The node's runtime trusts the certificate of the registry that deploys push to, so that a machine which joins
/// later pulls by itself.
struct RegistryTrust {
    let cluster: Cluster

    init(_ cluster: Cluster) { self.cluster = cluster }

    /// None where the services' pods do not run, and where each service has another registry. The link leads to what
    /// the machine gets when it joins.
    func steps(_ host: Host) -> [any Step] {
        guard let registry = cluster.services.lazy.compactMap({ cluster.only($0).ownRegistry }).first,
            host.role == .worker || host.isSchedulable
        else { return [] }
        return [
            LinkIs(
                registry.authorityLink(for: cluster.runtime), to: ClusterRegistry.authority,
                title: "\(cluster.runtime.rawValue) trusts the certificate of the cluster's registry")
        ]
    }
}
