import ForgeCore
import ForgePlan
import Foundation

/// The archives on their way through the operator's machine: each is fetched once, however many nodes lack the same layers.
actor LayerArchives {
    /// A file with some of an image's layers. It is removed when nobody needs it any longer: the nodes have the layers then.
    final class File: Sendable {
        let path: String
        let size: Int

        init(path: String, size: Int) { (self.path, self.size) = (path, size) }

        deinit { try? FileManager.default.removeItem(atPath: path) }
    }

    private struct Key: Hashable {
        let release: Release
        let digests: [String]
    }

    private let folder: String
    private var parts: [Release: Task<ImageParts, any Error>] = [:]
    private var files: [Key: Task<File, any Error>] = [:]

    init(folder: String) { self.folder = folder }

    /// The image's parts, as soon as they lie in the builder's store.
    func parts(of release: Release, on builder: @escaping @Sendable () async throws -> Machine) async throws -> ImageParts {
        let task = parts[release] ?? Task { try await Self.takeApart(release, on: try await builder()) }
        parts[release] = task
        return try await task.value
    }

    /// The archive with these layers of the image, as soon as it is complete.
    func file(
        _ release: Release, _ parts: ImageParts, layers: [ImageParts.Blob], from builder: @escaping @Sendable () async throws -> Machine
    ) async throws -> File {
        let digests = [parts.config.digest] + layers.map(\.digest)
        let key = Key(release: release, digests: digests)
        let files = PartialArchive(parts: parts, reference: release.reference)
        let command = try ImageStore(release: release).archive(files, of: digests)
        let folder = folder
        let task = self.files[key] ?? Task { try await Self.fetch(command, release, into: folder, from: try await builder()) }
        self.files[key] = task
        return try await task.value
    }

    private static func takeApart(_ release: Release, on builder: Machine) async throws -> ImageParts {
        let store = ImageStore(release: release)
        let fix = "is there space left on \(builder.host.name)? `df -h /var/lib` tells"
        let printed = try await builder.run(store.unpack, fix: fix).text
        guard let saved = SavedImage.one(printed) else { return try ImageParts(printed: printed, by: builder.host.name) }
        return try ImageParts(printed: try await builder.run(store.keep(saved), fix: fix).text, by: builder.host.name)
    }

    /// The name tells whose file it is: what a run left behind that was killed is removed by the next.
    private static func fetch(_ command: Command, _ release: Release, into folder: String, from builder: Machine) async throws -> File {
        let path = "\(folder)/\(release.name)-\(ProcessInfo.processInfo.processIdentifier)-\(UUID().uuidString).tar.gz"
        do {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            removeAbandoned(in: folder)
            try await builder.run(command.writing(toFile: path), fix: "is there space left in \(folder)? `df -h` tells")
            let size = try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int
            return File(path: path, size: size ?? 0)
        } catch {
            try? FileManager.default.removeItem(atPath: path)
            guard let error = error as? CocoaError else { throw error }
            throw Problem(
                what: "\(path) cannot be written", why: error.localizedDescription,
                fix: "make room there, or set KUBEFORGE_CACHE to another folder")
        }
    }

    private static func removeAbandoned(in folder: String) {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        for (name, owner) in names.compactMap({ name in name.firstMatch(of: /-(\d+)-[0-9A-F-]{36}\.tar\.gz$/).map { (name, $0.1) } })
        where !FileManager.default.fileExists(atPath: "/proc/\(owner)") {
            try? FileManager.default.removeItem(atPath: "\(folder)/\(name)")
        }
    }
}
