import ForgeCore
import ForgeInventory

extension BuildRules {
    /// What a machine may be asked to install from its own distribution; what these need comes with them.
    static let debianPackages = [
        "docker.io", "containerd", "runc", "conntrack", "socat", "ethtool", "ebtables", "iptables", "nftables", "ipset",
        "ipvsadm", "iproute2", "kmod", "procps", "util-linux", "mount", "tini", "apparmor", "libseccomp2", "gnupg",
        "gpg",
        "curl", "ca-certificates", "apt-transport-https", "lsb-release", "chrony", "jq", "sudo", "openssh-client",
        "openssh-server", "iputils-ping", "rsync", "tar", "gzip", "xz-utils", "zstd", "python3", "python3-minimal",
    ]

    /// What Debian 12 has in docker.io, or not at all.
    private static let newerDebianPackages = ["docker-cli", "docker-buildx"]

    /// The archive of one distribution's machines, as a delivered VM knows one: a suite of the repository at /debian
    /// (or /ubuntu).
    func archive(_ distribution: LabSettings.Distribution, key: Artifact, buildRoot: Artifact) throws(Problem)
        -> Artifact
    {
        let packages = Self.debianPackages + (distribution.debian == "bookworm" ? [] : Self.newerDebianPackages)
        return try artifact(
            "the archive of \(distribution.rawValue)", usually: "40 s",
            in: "\(cache.apt)/\(distribution.id)/dists/\(distribution.codename)", script: "debian-archive.sh",
            files: ["debian-release.sh", "sign-release.sh"],
            values: [
                "packages": packages.joined(separator: " "), "debian": distribution.debian,
                "codename": distribution.codename,
            ],
            buildRoot: buildRoot, from: [key])
    }
}
