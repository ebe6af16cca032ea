import ForgeCore
import ForgeInventory
import ForgePlan

/// Which packages bring the container runtime and Docker Engine, and where from.
struct DockerPackages {
    let cluster: Cluster

    /// What the kubelet needs: containerd, and Docker Engine where that is the runtime.
    func runtime(_ facts: Facts) throws(Problem) -> [any Step] {
        let isDocker = cluster.runtime == .docker
        let title = isDocker ? "containerd and Docker Engine are installed" : "containerd is installed"
        let packages = Packages([containerdPackage] + (isDocker ? engineNames(facts.distribution) : []), title: title)
        return cluster.docker == .docker ? [try repository(facts), packages] : [packages]
    }

    /// Docker Engine beside a containerd that is there.
    func engine(_ facts: Facts) -> Packages {
        Packages(engineNames(facts.distribution), title: "Docker Engine is installed")
    }

    /// The package that containerd's version is read from.
    var containerdPackage: String { cluster.docker == .docker ? "containerd.io" : "containerd" }

    /// Debian 13 has the program `docker` in a package of its own, and only recommends it.
    private func engineNames(_ distribution: Distribution) -> [String] {
        switch cluster.docker {
        case .docker: ["docker-ce", "docker-ce-cli", "docker-buildx-plugin"]
        case .distribution: ["docker.io"] + (distribution.codename == "trixie" ? ["docker-cli"] : [])
        }
    }

    private func repository(_ facts: Facts) throws(Problem) -> AptRepository {
        let distribution = facts.distribution
        let mirror = cluster.mirrors.docker
        let own = mirror?.url.replacing(Mirrors.AptRepository.distribution, with: distribution.id)
        let base = own ?? "https://download.docker.com/linux/\(distribution.id)"
        let key = try mirror.map { mirror throws(Problem) in try mirror.key.signingKey(for: "docker") }
        return AptRepository(
            "docker", source: "\(base) \(distribution.codename) stable",
            key: key ?? .url(base + "/gpg", fingerprint: "9DC858229FC7DD38854AE2D88D81803C0EBFCD88"), architecture: facts.architecture)
    }
}
