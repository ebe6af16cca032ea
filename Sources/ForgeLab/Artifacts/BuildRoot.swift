import ForgeCore

extension BuildRules {
    /// Debian packages that make supplies: compilers, packaging, images, and the programs that go into images.
    static let workshopPackages = [
        "golang-1.19-go", "golang-github-modern-go-reflect2-dev", "gcc", "libc6-dev", "dpkg-dev", "apt-utils", "gnupg",
        "ca-certificates", "jq", "mmdebstrap", "umoci", "skopeo", "docker-registry", "xz-utils",
        "debian-archive-keyring",
        "iptables", "conntrack", "iproute2", "kmod", "ipset", "netbase", "busybox-static", "etcd-server", "etcd-client",
    ]

    /// A Debian 12 of its own, so that the host's distribution does not matter and the host gets no compilers.
    func buildRoot() throws(Problem) -> Artifact {
        try artifact(
            "the workshop", usually: "1 min", in: "\(cache.root)/workshop", script: "workshop.sh",
            values: ["packages": Self.workshopPackages.joined(separator: ",")])
    }
}
