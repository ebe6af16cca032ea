import ForgeCore

extension Recipes {
    /// A repository like Docker's own for Debian 12, with stand-ins for docker-ce, docker-ce-cli and containerd.io.
    func dockerRepository(key: Supply, workshop: Supply) throws(Problem) -> Supply {
        try supply(
            "the apt repository of Docker", usually: "20 s", in: "\(cache.apt)/linux/debian", script: "docker-repository.sh",
            files: ["sign-release.sh", "containerd-config.toml", "units.postinst", "units.prerm"], workshop: workshop, from: [key])
    }
}
