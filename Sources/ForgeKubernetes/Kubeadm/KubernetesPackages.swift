import ForgeCore
import ForgeInventory
import ForgePlan

/// kubelet, kubeadm and kubectl at the exact version, held, from the repository of their minor release.
struct KubernetesPackages {
    let cluster: Cluster

    func steps(_ facts: Facts) throws(Problem) -> [any Step] {
        let version = cluster.kubernetes
        return [
            FileIsAbsent(
                "/etc/apt/sources.list.d/apt.kubernetes.io.list",
                title: "the retired apt.kubernetes.io source is removed"),
            try repository(facts), try repository(facts).isNamedOnce,
            Packages(
                ["kubelet", "kubeadm", "kubectl"], version: "\(version)-", isHeld: true,
                title: "kubelet, kubeadm and kubectl \(version) are installed and held",
                by: facts.distribution.packageManager, proxy: cluster.outgoing),
        ]
    }

    func repository(_ facts: Facts) throws(Problem) -> AptRepository {
        let mirror = cluster.mirrors.kubernetes
        let base = "\(mirror?.url ?? "https://pkgs.k8s.io/core:/stable:")/\(cluster.kubernetes.minorName)/deb/"
        let key = try mirror.map { mirror throws(Problem) in try mirror.key.signingKey(for: "kubernetes") }
        return AptRepository(
            "kubernetes", source: "\(base) /",
            key: key ?? .url(keyURL(base), fingerprint: "DE15B14486CD377B9E876E1A234654DA9A296436"),
            architecture: facts.architecture, usualKeys: ["/etc/apt/keyrings/kubernetes-apt-keyring.gpg"],
            proxy: cluster.outgoing)
    }

    /// The copies of the key beside 1.24 to 1.27 say that it expired on 2024-11-02 (kubernetes/release#3818). It is the
    /// same key everywhere, and beside newer releases it carries a later date.
    private func keyURL(_ base: String) -> String {
        cluster.kubernetes.isAtLeast(1, 28)
            ? base + "Release.key" : "https://pkgs.k8s.io/core:/stable:/v1.36/deb/Release.key"
    }
}

extension Mirrors.Key {
    /// The key as the step for the repository wants it; a file on the operator's machine is read here.
    func signingKey(for repository: String) throws(Problem) -> AptRepository.SigningKey {
        switch self {
        case .url(let url, let fingerprint): return .url(url, fingerprint: fingerprint)
        case .file(let path):
            var (text, why) = ("", "it is not an ASCII-armoured public key")
            do throws(LocalFile.Failure) {
                text = String(validating: try LocalFile.read(path).bytes, as: UTF8.self) ?? ""
            } catch {
                why = error.isMissing ? "there is no such file" : error.reason
            }
            guard text.contains("BEGIN PGP PUBLIC KEY") else {
                throw Problem(
                    what: "the signing key \(path) of the \(repository) mirror cannot be read", why: why,
                    fix:
                        """
                        correct mirrors: apt: \(repository): key: in the inventory (for the lab: `kubeforge lab up` \
                        makes it)
                        """
                )
            }
            return .text(text)
        }
    }
}
