import ForgeCore

extension Recipes {
    /// What a machine may be asked to install from its own distribution; what these need comes with them.
    static let debianPackages = [
        "docker.io", "containerd", "runc", "conntrack", "socat", "ethtool", "ebtables", "iptables", "nftables", "ipset",
        "ipvsadm", "iproute2", "kmod", "procps", "util-linux", "mount", "tini", "apparmor", "libseccomp2", "gnupg", "gpg",
        "curl", "ca-certificates", "apt-transport-https", "lsb-release", "chrony", "jq", "sudo", "openssh-client",
        "openssh-server", "iputils-ping", "rsync", "tar", "gzip", "xz-utils", "zstd", "python3", "python3-minimal",
    ]

    /// The machines' Debian archive, as a delivered VM knows one.
    func debianArchive(key: Supply, workshop: Supply) throws(Problem) -> Supply {
        try supply(
            "the Debian archive", usually: "30 s", in: "\(cache.apt)/debian", script: "debian-archive.sh", files: ["sign-release.sh"],
            values: ["packages": Self.debianPackages.joined(separator: " ")], workshop: workshop, from: [key])
    }
}
