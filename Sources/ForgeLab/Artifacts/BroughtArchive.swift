import ForgeCore
import Foundation

/// An archive of images, of `docker save`, `skopeo copy` or `ctr images export`.
struct BroughtArchive: Sendable, Hashable {
    let path: String
    /// Size and time of the last change.
    let stamp: String
    /// As skopeo calls it: `docker-archive` or `oci-archive`.
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
        return ((try? JSONDecoder().decode([Image].self, from: Data(manifest.utf8))) ?? []).flatMap { $0.names ?? [] }
    }

    /// `index` is the index.json of an OCI archive. containerd writes the whole name beside a tag alone.
    static func ociNames(_ index: String) -> [String] {
        struct Index: Decodable {
            let manifests: [Manifest]
            struct Manifest: Decodable { let annotations: [String: String]? }
        }
        let manifests = (try? JSONDecoder().decode(Index.self, from: Data(index.utf8)))?.manifests ?? []
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
