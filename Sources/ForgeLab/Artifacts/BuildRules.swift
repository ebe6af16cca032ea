import ForgeCore
import ForgeInventory

/// How supplies are made: from the texts below `templates/lab/build`, in the cache.
struct BuildRules: Sendable {
    let cache: Cache
    let texts: [String: String]

    func artifact(
        _ name: String, usually: String, in place: String, script: String, files: [String] = [],
        values: [String: String] = [:],
        buildRoot: Artifact? = nil, from others: [Artifact] = []
    ) throws(Problem) -> Artifact {
        var ingredients: [String] = []
        for file in [script] + files { ingredients += [file, try text(file)] }
        for (key, value) in values.sorted(by: { $0.key < $1.key }) { ingredients += [key, value] }
        ingredients += ([buildRoot].compactMap { $0 } + others).map(\.digest)
        return Artifact(
            name: name, usually: usually, place: place, script: script, buildRoot: buildRoot.map { "\($0.place)/root" },
            values: values,
            digest: Self.digest(ingredients))
    }

    func text(_ file: String) throws(Problem) -> String {
        guard let text = texts[file] else {
            throw Problem(what: "there is no template lab/build/\(file)", fix: "build kubeforge again")
        }
        return text
    }

    /// The length stands before each text, so that no two lists look the same.
    static func digest(_ ingredients: [String]) -> String {
        SHA256.hex(ingredients.map { "\($0.utf8.count):\($0)" }.joined())
    }
}

extension BuildRules {
    /// What follows the version in pkgs.k8s.io's packages: `1.20.2-1.1`.
    static let revision = "1.1"

    /// What the lab made itself; what was brought lies elsewhere.
    static let packagePrefix = "kubernetes-"

    /// Where packages of all versions lie before they are in a repository.
    var packages: String { "\(cache.root)/packages" }

    func packages(of version: Version) -> String { "\(packages)/\(Self.packagePrefix)\(version)" }

    /// A directory of debs, and the digest of what made it.
    struct PackageDirectory: Sendable, Hashable {
        let path: String
        let digest: String
    }

    func packageDirectory(_ artifact: Artifact) -> PackageDirectory {
        packageDirectory(place: artifact.place, digest: artifact.digest)
    }

    /// A brought release has images, too, so its packages are one directory further down.
    func packageDirectory(place: String, digest: String) -> PackageDirectory {
        PackageDirectory(path: place.hasPrefix(broughtReleases) ? "\(place)/packages" : place, digest: digest)
    }

    /// kubelet, kubeadm, kubectl, kubernetes-cni and cri-tools as debs.
    func kubernetesPackages(_ version: Version, kubernetes: Artifact, standIns: Artifact, buildRoot: Artifact)
        throws(Problem) -> Artifact
    {
        try artifact(
            "the package set of Kubernetes \(version)", usually: "10 s", in: packages(of: version),
            script: "kubernetes-packages.sh",
            files: ["kubelet.service", "10-kubeadm.conf"],
            values: [
                "version": "\(version)", "revision": Self.revision, "kubernetes": "\(kubernetes.place)/bin",
                "standins": "\(standIns.place)/bin",
            ],
            buildRoot: buildRoot, from: [kubernetes, standIns])
    }

    /// The flat repository of a minor release, as pkgs.k8s.io has it. `others` are the versions that other labs asked
    /// for.
    func kubernetesRepository(
        _ version: Version, own: PackageDirectory, others: [Version: PackageDirectory], key: Artifact,
        buildRoot: Artifact
    ) throws(Problem) -> Artifact {
        let all = others.merging([version: own]) { _, own in own }.sorted { $0.key < $1.key }.map(\.value)
        return try artifact(
            "the apt repository of Kubernetes \(version.minorName)", usually: "5 s",
            in: "\(cache.apt)/core:/stable:/\(version.minorName)/deb",
            script: "kubernetes-repository.sh", files: ["sign-release.sh"],
            values: [
                "debs": all.map(\.path).joined(separator: " "), "contents": all.map(\.digest).joined(separator: " "),
            ],
            buildRoot: buildRoot, from: [key])
    }
}

extension BuildRules {
    /// The minor release whose source Debian 12 has; a version is its patch number.
    static let kubernetesMinor = Version(1, 20, 2)

    /// Debian's source package of Kubernetes 1.20.2, as a GOPATH that builds.
    func kubernetesSource(_ buildRoot: Artifact) throws(Problem) -> Artifact {
        try artifact(
            "the source of Kubernetes", usually: "30 s", in: "\(cache.root)/sources/kubernetes",
            script: "kubernetes-source.sh",
            buildRoot: buildRoot)
    }

    /// kubelet, kubeadm, kubectl, the control plane, kube-proxy and pause. Another patch release is the same source
    /// under another number.
    func kubernetes(_ version: Version, source: Artifact, buildRoot: Artifact) throws(Problem) -> Artifact {
        try artifact(
            "Kubernetes \(version)", usually: "6 min", in: "\(cache.kubernetes)/\(version)",
            script: "kubernetes-build.sh",
            values: ["version": "\(version)", "source": source.place], buildRoot: buildRoot, from: [source])
    }

    /// The stand-ins for crictl, flanneld and CoreDNS, which no archive has.
    func standIns(source: Artifact, buildRoot: Artifact) throws(Problem) -> Artifact {
        try artifact(
            "the set of stand-ins", usually: "20 s", in: "\(cache.root)/standins", script: "standins-build.sh",
            files: ["crictl.go", "flanneld.go", "install-conf.go", "coredns.go"], values: ["source": source.place],
            buildRoot: buildRoot,
            from: [source])
    }
}

extension BuildRules {
    /// What a machine may be asked to install from its own distribution; what these need comes with them.
    static let debianPackages = [
        "docker.io", "containerd", "runc", "conntrack", "socat", "ethtool", "ebtables", "iptables", "nftables", "ipset",
        "ipvsadm", "iproute2", "kmod", "procps", "util-linux", "mount", "tini", "apparmor", "libseccomp2", "gnupg",
        "gpg",
        "curl", "ca-certificates", "apt-transport-https", "lsb-release", "chrony", "jq", "sudo", "openssh-client",
        "openssh-server", "iputils-ping", "rsync", "tar", "gzip", "xz-utils", "zstd", "python3", "python3-minimal",
        "libgomp1",
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

extension BuildRules {
    /// The key that signs every repository of the lab; its public half is `key.asc` in its place.
    func signingKey(_ buildRoot: Artifact) throws(Problem) -> Artifact {
        // Not made from the workshop's digest: a new tool there is no reason for a new key.
        let key = try artifact("the signing key", usually: "1 s", in: cache.gnupg, script: "signing-key.sh")
        return Artifact(
            name: key.name, usually: key.usually, place: key.place, script: key.script,
            buildRoot: "\(buildRoot.place)/root", values: [:],
            digest: key.digest)
    }
}
