import ForgeCore
import ForgeInventory

extension BuildRules {
    /// A suite of a repository like Docker's own, with stand-ins for docker-ce, docker-ce-cli, docker-buildx-plugin and
    /// containerd.io.
    func dockerRepository(_ distribution: LabSettings.Distribution, key: Artifact, buildRoot: Artifact) throws(Problem)
        -> Artifact
    {
        try artifact(
            "Docker's repository for \(distribution.rawValue)", usually: "40 s",
            in: "\(cache.apt)/linux/\(distribution.id)/dists/\(distribution.codename)", script: "docker-repository.sh",
            files: ["debian-release.sh", "sign-release.sh", "containerd-config.toml", "units.postinst", "units.prerm"],
            values: [
                "debian": distribution.debian, "codename": distribution.codename, "suffix": distribution.dockerSuffix,
            ],
            buildRoot: buildRoot, from: [key])
    }
}
