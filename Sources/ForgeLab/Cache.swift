/// Where the lab keeps what is expensive to make, and the state of running labs: `~/.cache/kubeforge/lab`.
package struct Cache: Sendable, Hashable {
    package let root: String

    package init(root: String) { self.root = root }

    /// `$KUBEFORGE_CACHE` takes the place of `~/.cache/kubeforge`.
    package init(environment: [String: String]) {
        let home = environment["HOME"] ?? "/root"
        self.init(root: (environment["KUBEFORGE_CACHE"] ?? "\(home)/.cache/kubeforge") + "/lab")
    }

    /// The private key of the machines' login users; `.pub` beside it.
    package var sshKey: String { "\(root)/ssh/id_ed25519" }
    /// One folder for each digest of what makes it.
    package var rootFileSystems: String { "\(root)/rootfs" }
    package var downloads: String { "\(root)/downloads" }
    /// `<version>/bin/kubelet` and its like.
    package var kubernetes: String { "\(root)/kubernetes" }
    /// Document root of the HTTP server.
    package var apt: String { "\(root)/apt" }
    /// The signing key's home.
    package var gnupg: String { "\(root)/gnupg" }
    /// Storage of docker-registry.
    package var registry: String { "\(root)/registry" }
    /// A person's own image archives; they win over the stand-ins.
    package var images: String { "\(root)/images" }

    /// Everything that one running lab needs to be taken down again.
    package func run(_ cluster: String) -> String { "\(root)/run/\(cluster)" }
}
