import ForgeCore
import ForgeInventory
import ForgePlan

/// Which packages bring the container runtime, and where from.
struct DockerPackages {
    let cluster: Cluster

    /// Docker Engine builds images on the control planes; elsewhere it is needed only as the runtime itself.
    func needsDocker(_ host: Host) -> Bool { cluster.runtime == .docker || host.role == .controlPlane }

    func steps(for host: Host, _ facts: Facts) throws(Problem) -> [any Step] {
        switch cluster.docker {
        case .docker:
            let names = ["containerd.io"] + (needsDocker(host) ? ["docker-ce", "docker-ce-cli", "docker-buildx-plugin"] : [])
            return [try repository(facts), Packages(names, title: title(host))]
        case .distribution:
            return [Packages(["containerd"] + (needsDocker(host) ? engine(of: facts.distribution) : []), title: title(host))]
        }
    }

    /// Debian 13 has the program `docker` in a package of its own, and only recommends it.
    private func engine(of distribution: Distribution) -> [String] {
        ["docker.io"] + (distribution.codename == "trixie" ? ["docker-cli"] : [])
    }

    /// The package that containerd's version is read from.
    var containerdPackage: String { cluster.docker == .docker ? "containerd.io" : "containerd" }

    private func title(_ host: Host) -> String {
        needsDocker(host) ? "containerd and Docker Engine are installed" : "containerd is installed"
    }

    private func repository(_ facts: Facts) throws(Problem) -> AptRepository {
        let distribution = facts.distribution
        let mirror = cluster.mirrors.docker
        let base = mirror?.url ?? "https://download.docker.com/linux/\(distribution.id)"
        let key = try mirror.map { mirror throws(Problem) in try mirror.key.signingKey(for: "docker") }
        return AptRepository(
            "docker", source: "\(base) \(distribution.codename) stable",
            key: key ?? .url(base + "/gpg", fingerprint: "9DC858229FC7DD38854AE2D88D81803C0EBFCD88"), architecture: facts.architecture)
    }
}
