import ForgeCore
import ForgeInventory
import ForgePlan

/// Which packages bring the container runtime and Docker Engine, and where from.
struct DockerPackages {
    let cluster: Cluster

    /// What the kubelet needs: containerd, and Docker Engine where that is the runtime.
    func runtime(_ facts: Facts) throws(Problem) -> [any Step] {
        let title =
            cluster.runtime == .docker ? "containerd and Docker Engine are installed" : "containerd is installed"
        let packages = Packages(
            runtimeNames(facts.distribution), title: title, by: facts.distribution.packageManager,
            proxy: cluster.outgoing)
        guard cluster.docker == .docker else { return [packages] }
        let repository = try repository(facts)
        return [repository, repository.isNamedOnce, packages]
    }

    /// Docker Engine beside a containerd that is there.
    func engine(_ facts: Facts) -> Packages {
        Packages(
            engineNames(facts.distribution), title: "Docker Engine is installed", by: facts.distribution.packageManager,
            proxy: cluster.outgoing)
    }

    /// The package that containerd's version is read from.
    var containerdPackage: String { cluster.docker == .docker ? "containerd.io" : "containerd" }

    /// All that a host gets in the end: a control plane builds images.
    func names(for host: Host, _ distribution: Distribution) -> [String] {
        let builds = host.role == .controlPlane && cluster.runtime != .docker
        return runtimeNames(distribution) + (builds ? engineNames(distribution) : [])
    }

    private func runtimeNames(_ distribution: Distribution) -> [String] {
        [containerdPackage] + (cluster.runtime == .docker ? engineNames(distribution) : [])
    }

    /// With BuildKit where there is one: docker.io only recommends docker-buildx, or does not know it, and the builder
    /// without it is deprecated. Debian 13 has the program `docker`, too, in a package of its own. Debian 12 has no
    /// buildx.
    private func engineNames(_ distribution: Distribution) -> [String] {
        guard cluster.docker == .distribution else { return ["docker-ce", "docker-ce-cli", "docker-buildx-plugin"] }
        return switch distribution.codename {
        case "bookworm": ["docker.io"]
        case "trixie": ["docker.io", "docker-cli", "docker-buildx"]
        default: ["docker.io", "docker-buildx"]
        }
    }

    /// Docker's own.
    func repository(_ facts: Facts) throws(Problem) -> AptRepository {
        let distribution = facts.distribution
        let mirror = cluster.mirrors.docker
        let own = mirror?.url.replacing(Mirrors.AptRepository.distribution, with: distribution.id)
        let base = own ?? "https://download.docker.com/linux/\(distribution.id)"
        let key = try mirror.map { mirror throws(Problem) in try mirror.key.signingKey(for: "docker") }
        return AptRepository(
            "docker", source: "\(base) \(distribution.codename) stable",
            key: key ?? .url(base + "/gpg", fingerprint: "9DC858229FC7DD38854AE2D88D81803C0EBFCD88"),
            architecture: facts.architecture,
            usualKeys: ["/etc/apt/keyrings/docker.gpg", "/usr/share/keyrings/docker-archive-keyring.gpg"],
            proxy: cluster.outgoing)
    }
}
