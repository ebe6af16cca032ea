import ForgeCore
import ForgeInventory
import ForgeTemplates
import Foundation

/// What the lab's user brought of a release of Kubernetes: official packages in `packages/<version>`, archives of
/// images in `images/<version>`, and in `images` for every release.
struct BroughtRelease: Sendable, Hashable {
    let version: Version
    /// The operator's `~/.cache/kubeforge/lab`.
    let directory: String
    var packages: [BroughtPackage] = []
    var archives: [BroughtArchive] = []

    var packagesDirectory: String { "\(directory)/packages/\(version)" }
    var sharedImages: String { "\(directory)/images" }
    var imagesDirectory: String { "\(directory)/images/\(version)" }

    /// Whether the machines get this release; otherwise they get the one that the lab builds.
    var hasPackages: Bool { !packages.isEmpty }
    var isEmpty: Bool { packages.isEmpty && archives.isEmpty }

    /// `path` is a repository in the lab's registry: `flannel-io/flannel`.
    func hasImage(_ path: String) -> Bool {
        archives.contains { $0.names.contains { RegistryPath.of($0).split(separator: ":")[0] == path } }
    }

    /// Files, sizes and times: what makes it another one.
    var contents: String {
        (packages.map { "\($0.path) \($0.stamp)" } + archives.map { "\($0.path) \($0.stamp)" }).joined(separator: "\n")
    }

    static func take(_ version: Version, directory: String, _ computer: LocalHost) async throws -> BroughtRelease {
        var release = BroughtRelease(version: version, directory: directory)
        for name in computer.names(in: release.packagesDirectory) where name.hasSuffix(".deb") {
            release.packages.append(try await BroughtPackage.take("\(release.packagesDirectory)/\(name)", computer))
        }
        for place in [release.sharedImages, release.imagesDirectory] {
            for name in computer.names(in: place) where name.hasSuffix(".tar") {
                release.archives.append(try await BroughtArchive.take("\(place)/\(name)", computer))
            }
        }
        return release
    }
}

/// One deb, as it describes itself.
struct BroughtPackage: Sendable, Hashable {
    let path: String
    /// Size and time of the last change.
    let stamp: String
    let name: String
    let version: String
    let dependencies: Set<String>

    static func take(_ path: String, _ computer: LocalHost) async throws -> BroughtPackage {
        let fields = try await computer.finish(
            Command("dpkg-deb", "--show", "--showformat=${Package}\\n${Version}\\n${Depends}\\n", Word(path)),
            fix: "fetch \(path) again, or remove it")
        return BroughtPackage(path: path, stamp: computer.stamp(path), fields: fields)
    }

    /// `fields`: its name, version and dependencies, one a line.
    init(path: String, stamp: String, fields: String) {
        let lines = fields.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        self.path = path
        self.stamp = stamp
        name = lines[0]
        version = lines.count > 1 ? lines[1] : ""
        let depends = lines.count > 2 ? lines[2] : ""
        dependencies = Set(
            depends.split(separator: ",").compactMap {
                $0.split(whereSeparator: { " (|:".contains($0) }).first.map(String.init)
            })
    }

    /// The kubeadm in it says what it needs; without it nobody knows.
    func images(_ version: Version, _ computer: LocalHost) async throws -> [String] {
        let ask = """
            directory=$(mktemp -d) && trap 'rm -rf "$directory"' EXIT; \(ShellFunction.endsBySignal)
            dpkg-deb --fsys-tarfile "$1" | tar -x -C "$directory" ./usr/bin/kubeadm && "$directory/usr/bin/kubeadm" \
            config images list --kubernetes-version "v$2"
            """
        let answer = try await computer.finish(
            Command("sh", "-c", Word(ask), "sh", Word(path), "\(version)"), fix: "fetch \(path) again, or remove it")
        return answer.split(separator: "\n").map(String.init)
    }
}

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
            .invalidInventory, what: "the lab does not have all packages of Kubernetes \(version)",
            why: """
                it builds \(BuildRules.kubernetesMinor) from Debian's source; the packages of another release must be \
                brought by the user
                \(packagesDirectory) lacks \(names.joined(separator: ", "))
                """,
            fix: """
                where there is internet, take them from pkgs.k8s.io, and run the same command again (it then \
                names the images):
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
            .invalidInventory, what: "the lab does not have all images of Kubernetes \(version)",
            why:
                """
                kubeadm \(version) needs them, and no archive in \(imagesDirectory) has them: \
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
        return ["mkdir -p \(packagesDirectory.shellQuoted) && cd \(packagesDirectory.shellQuoted) && base=\(base)"]
            + exact.map { "\(list) '\($0)\\.deb$' | xargs -I{} curl -fLO $base/{}" }
            + others.map { "\(list) '\($0)_[^_]*_amd64\\.deb$' | sort -V | tail -n 1 | xargs -I{} curl -fLO $base/{}" }
    }

    func fetchImages(_ names: [String]) -> [String] {
        [
            "mkdir -p \(imagesDirectory.shellQuoted) && cd \(imagesDirectory.shellQuoted)",
            "for image in \(names.joined(separator: " ")); do file=${image##*/}",
            """
            skopeo copy --override-os linux --override-arch amd64 docker://$image \
            docker-archive:${file%%:*}.tar:$image; done
            """,
        ]
    }
}

/// An archive of images, of `docker save`, `skopeo copy` or `ctr images export`.
struct BroughtArchive: Sendable, Hashable {
    let path: String
    /// Size and time of the last change.
    let stamp: String
    /// The transport as skopeo calls it: `docker-archive` or `oci-archive`.
    let transport: String
    /// The names of its images: `registry.k8s.io/pause:3.10.2`.
    let names: [String]

    static func take(_ path: String, _ computer: LocalHost) async throws -> BroughtArchive {
        for (file, transport) in [("manifest.json", "docker-archive"), ("index.json", "oci-archive")] {
            let listing = try await computer.run(
                Command("tar", "--extract", "--to-stdout", "--file", Word(path), Word(file)))
            guard listing.isSuccess else { continue }
            let names = transport == "docker-archive" ? dockerNames(listing.text) : ociNames(listing.text)
            if !names.isEmpty {
                return BroughtArchive(path: path, stamp: computer.stamp(path), transport: transport, names: names)
            }
        }
        throw Problem(
            what: "\(path) names no image", why: "neither its manifest.json nor its index.json has a name with a tag",
            fix:
                """
                save it by its name, such as `skopeo copy docker://NAME:TAG docker-archive:FILE.tar:NAME:TAG`, or \
                remove it
                """
        )
    }

    /// `manifest` is the manifest.json of a docker archive.
    static func dockerNames(_ manifest: String) -> [String] {
        struct Image: Decodable {
            let names: [String]?
            enum CodingKeys: String, CodingKey { case names = "RepoTags" }
        }
        return (OutsideJSON.decode([Image].self, from: manifest) ?? []).flatMap { $0.names ?? [] }
    }

    /// `index` is the index.json of an OCI archive. containerd writes the whole name beside a tag alone.
    static func ociNames(_ index: String) -> [String] {
        struct Index: Decodable {
            let manifests: [Manifest]
            struct Manifest: Decodable { let annotations: [String: String]? }
        }
        let manifests = OutsideJSON.decode(Index.self, from: index)?.manifests ?? []
        return manifests.compactMap(\.annotations).compactMap {
            $0["io.containerd.image.name"] ?? $0["org.opencontainers.image.ref.name"]
        }.filter { $0.contains(":") }
    }
}

/// Where an image lies in the lab's registry, which has one name space for all upstreams.
enum RegistryPath {
    /// registry.k8s.io/pause:3.10 is pause:3.10; docker.io/library/python, library/python and python are
    /// library/python.
    static func of(_ name: String) -> String {
        let parts = name.split(separator: "/").map(String.init)
        guard parts.count > 1 else { return "library/\(name)" }
        let first = parts[0]
        let isRegistry = first.contains(".") || first.contains(":") || first == "localhost"
        guard isRegistry else { return name }
        let rest = parts.dropFirst().joined(separator: "/")
        return first == "docker.io" && parts.count == 2 ? "library/\(rest)" : rest
    }
}
