import ForgeCore
import ForgeInventory

extension BroughtRelease {
    /// What is not there of the packages; the lab builds 1.20 itself, and no other.
    var missingPackages: Problem? {
        let have = Dictionary(grouping: packages, by: \.name)
        let own = ["kubelet", "kubeadm", "kubectl"].filter { name in
            !(have[name] ?? []).contains { $0.version.hasPrefix("\(version)-") }
        }
        // What they need of the same repository; everything else is in the distribution.
        let wanted =
            hasPackages ? packages.reduce(into: Set<String>()) { $0.formUnion($1.dependencies) } : ["kubernetes-cni"]
        let others = ["kubernetes-cni", "cri-tools"].filter { wanted.contains($0) && have[$0] == nil }
        guard !own.isEmpty || !others.isEmpty else { return nil }
        let names = own.map { "\($0) \(version)" } + others
        return Problem(
            .invalidInventory, what: "the lab has not all packages of Kubernetes \(version)",
            why: """
                it builds \(BuildRules.kubernetesMinor) from Debian's source; the packages of another release are its \
                user's to bring
                \(packagesFolder) lacks \(names.joined(separator: ", "))
                """,
            fix: """
                where there is internet, take them from pkgs.k8s.io, and run the same command again (it tells the \
                images, too):
                \(fetchPackages(own, others).joined(separator: "\n"))
                or write `kubernetes: \(BuildRules.kubernetesMinor)` in the inventory
                """)
    }

    /// What is not there of the images that this release's own kubeadm lists.
    func missingImages(_ listed: [String]) -> Problem? {
        let have = Set(archives.flatMap(\.names).map(RegistryPath.of))
        let missing = listed.filter { !have.contains(RegistryPath.of($0)) }
        guard !missing.isEmpty else { return nil }
        return Problem(
            .invalidInventory, what: "the lab has not all images of Kubernetes \(version)",
            why:
                """
                kubeadm \(version) needs them, and no archive in \(imagesFolder) has them: \
                \(missing.joined(separator: ", "))
                """,
            fix: """
                where there is internet, take them from registry.k8s.io, and run the same command again:
                \(fetchImages(missing).joined(separator: "\n"))
                """)
    }

    /// Without a guess at the revision, which pkgs.k8s.io's own list says. `base` is another address for tests.
    func fetchPackages(_ own: [String], _ others: [String], from base: String? = nil) -> [String] {
        let base = base ?? "https://pkgs.k8s.io/core:/stable:/\(version.minorName)/deb"
        let exact =
            own.isEmpty
            ? [] : ["(\(own.joined(separator: "|")))_\("\(version)".replacing(".", with: "\\."))-[^_]*_amd64"]
        let list = "curl -fsSL $base/Packages | sed -n 's/^Filename: //p' | grep -E"
        return ["mkdir -p \(packagesFolder.shellQuoted) && cd \(packagesFolder.shellQuoted) && base=\(base)"]
            + exact.map { "\(list) '\($0)\\.deb$' | xargs -I{} curl -fLO $base/{}" }
            + others.map { "\(list) '\($0)_[^_]*_amd64\\.deb$' | sort -V | tail -n 1 | xargs -I{} curl -fLO $base/{}" }
    }

    func fetchImages(_ names: [String]) -> [String] {
        [
            "mkdir -p \(imagesFolder.shellQuoted) && cd \(imagesFolder.shellQuoted)",
            "for image in \(names.joined(separator: " ")); do file=${image##*/}",
            """
            skopeo copy --override-os linux --override-arch amd64 docker://$image \
            docker-archive:${file%%:*}.tar:$image; done
            """,
        ]
    }
}
