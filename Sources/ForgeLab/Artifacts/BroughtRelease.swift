import ForgeCore
import ForgeInventory

/// What the lab's user brought of a release of Kubernetes: official packages in `packages/<version>`, archives of
/// images in `images/<version>`, and in `images` for every release.
struct BroughtRelease: Sendable, Hashable {
    let version: Version
    /// The operator's `~/.cache/kubeforge/lab`.
    let folder: String
    var packages: [BroughtPackage] = []
    var archives: [BroughtArchive] = []

    var packagesFolder: String { "\(folder)/packages/\(version)" }
    var sharedImages: String { "\(folder)/images" }
    var imagesFolder: String { "\(folder)/images/\(version)" }

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

    static func take(_ version: Version, folder: String, _ computer: LocalHost) async throws -> BroughtRelease {
        var release = BroughtRelease(version: version, folder: folder)
        for name in computer.names(in: release.packagesFolder) where name.hasSuffix(".deb") {
            release.packages.append(try await BroughtPackage.take("\(release.packagesFolder)/\(name)", computer))
        }
        for place in [release.sharedImages, release.imagesFolder] {
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
            folder=$(mktemp -d) && trap 'rm -rf "$folder"' EXIT
            dpkg-deb --fsys-tarfile "$1" | tar -x -C "$folder" ./usr/bin/kubeadm && "$folder/usr/bin/kubeadm" config \
            images list --kubernetes-version "v$2"
            """
        let answer = try await computer.finish(
            Command("sh", "-c", Word(ask), "sh", Word(path), "\(version)"), fix: "fetch \(path) again, or remove it")
        return answer.split(separator: "\n").map(String.init)
    }
}
