import ForgeCore
import ForgeInventory
import ForgeTemplates
import Foundation

/// All that an image is made of: the service's files, the model's, the build arguments, and when it was last
/// rebuilt. Its digest is the image's tag.
package struct BuildContext: Sendable, Hashable {
    /// By path in the context.
    package let files: [String: [UInt8]]
    /// What `docker build --build-arg` gets, sorted: `BASE_IMAGE=…`.
    package let arguments: [String]
    /// The files as a tar archive.
    package let archive: [UInt8]
    /// See `Release.rebuilt`.
    package let rebuilt: String?
    /// 16 hexadecimal digits of the sha256 over archive, arguments and `rebuilt`.
    package let tag: String

    package init(files: [String: [UInt8]], arguments: [String: String], rebuilt: String? = nil) throws(Problem) {
        self.files = files
        self.rebuilt = rebuilt
        self.arguments = arguments.map { "\($0.key)=\($0.value)" }.sorted()
        archive = try TarArchive(files).bytes
        let sum = SHA256()
        sum.update(archive)
        sum.update(Array(self.arguments.joined(separator: "\n").utf8))
        if let rebuilt { sum.update(Array("\nrebuilt \(rebuilt)".utf8)) }
        tag = String(sum.finish().prefix(16))
    }

    /// The service of `templates/service` with the model directory below `model/`; reads the user's own files from the
    /// operator's disk.
    package static func make(cluster: Cluster, templates: Templates, rebuilt: String? = nil) throws(Problem)
        -> BuildContext
    {
        var files = templates.directory("service").mapValues { Array($0.utf8) }
        guard files["Dockerfile"] != nil else {
            throw Problem(
                what: "there is no templates/service/Dockerfile",
                fix: "put it back, or do without the overlay (--templates)")
        }
        for (name, content) in try model(cluster, templates) { files[name] = content }
        if case .file(let path)? = cluster.mirrors.debian?.key {
            files["apt/mirror.asc"] = try readKey(path, cluster)
        }
        return try BuildContext(files: files, arguments: BuildArguments(cluster).values, rebuilt: rebuilt)
    }

    /// The user's own model directory, or the example with the user's rows or without.
    private static func model(_ cluster: Cluster, _ templates: Templates) throws(Problem) -> [String: [UInt8]] {
        if let directory = cluster.service.model {
            let own = ModelFiles(directory: directory, inventory: cluster.path.isEmpty ? "the inventory" : cluster.path)
            return below("model", try own.read())
        }
        var files = templates.directory("example").mapValues { Array($0.utf8) }
        if let rows = cluster.service.trainingData {
            files["train.csv"] = try read(rows.train, key: "train", cluster)
            files["test.csv"] = try read(rows.test, key: "test", cluster)
        }
        return below("model", files)
    }

    private static func below(_ directory: String, _ files: [String: [UInt8]]) -> [String: [UInt8]] {
        Dictionary(files.map { ("\(directory)/\($0.key)", $0.value) }) { first, _ in first }
    }

    private static func readKey(_ path: String, _ cluster: Cluster) throws(Problem) -> [UInt8] {
        do throws(LocalFile.Failure) {
            return try LocalFile.read(path).bytes
        } catch {
            let fix = "correct mirrors: apt: debian: key: in \(cluster.path.isEmpty ? "the inventory" : cluster.path)"
            throw Problem(.invalidInventory, what: "\(path) cannot be read", why: error.reason, fix: fix)
        }
    }

    private static func read(_ path: String, key: String, _ cluster: Cluster) throws(Problem) -> [UInt8] {
        do throws(LocalFile.Failure) {
            return try LocalFile.read(path, atMost: .max).bytes
        } catch {
            let fix =
                """
                correct service: data: \(key): in \(cluster.path.isEmpty ? "the inventory" : cluster.path), or leave \
                data: out and have data generated
                """
            throw Problem(.invalidInventory, what: "\(path) cannot be read", why: error.reason, fix: fix)
        }
    }
}

/// How the inventory's mirrors become arguments of the build.
struct BuildArguments {
    let values: [String: String]

    init(_ cluster: Cluster) {
        var values = ["BASE_IMAGE": Self.base(cluster.service.baseImage, cluster.mirrors)]
        if let index = cluster.mirrors.python {
            values["PIP_INDEX_URL"] = index
            // pip asks a plain HTTP index only when told to trust it; naming an HTTPS one here would switch its checks
            // off.
            if let host = URL(string: index), host.scheme == "http" { values["PIP_TRUSTED_HOST"] = host.host() ?? "" }
        }
        values["TARGET"] = cluster.service.target
        values["INDEX"] = cluster.service.index
        values["DEBIAN_MIRROR"] = cluster.mirrors.debian?.url
        if cluster.service.models != nil { values["PACKAGES"] = "openssh-client" }
        self.values = values
    }

    /// Docker itself goes to the mirror of docker.io, and of no other registry: those are named instead.
    static func base(_ image: String, _ mirrors: Mirrors) -> String {
        guard let slash = image.firstIndex(of: "/") else { return image }
        let registry = String(image[..<slash])
        guard registry != "docker.io", let mirror = mirrors.registries[registry] else { return image }
        let place = mirror.split(separator: "://", maxSplits: 1).last.map { $0.trimming { $0 == "/" } } ?? mirror
        return place + image[slash...]
    }
}
