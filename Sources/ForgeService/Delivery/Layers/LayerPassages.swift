import ForgeCore
import ForgePlan

/// What is known of images that are on their way: each is taken apart once, and nodes that lack the same layers share a passage.
actor LayerPassages {
    private struct Key: Hashable {
        let release: Release
        let digests: [String]
    }

    private let folder: String
    private var parts: [Release: Task<ImageParts, any Error>] = [:]
    private var passages: [Key: Passage] = [:]

    /// `folder`: where archives lie on the operator's machine when they must go through it.
    init(folder: String) { self.folder = folder }

    /// The image's parts, as soon as they lie in the builder's store.
    func parts(of release: Release, on builder: @escaping @Sendable () async throws -> Machine) async throws -> ImageParts {
        if parts.isEmpty { Detour.removeAbandoned(in: folder) }
        let task = parts[release] ?? Task { try await Self.takeApart(release, on: try await builder()) }
        parts[release] = task
        return try await task.value
    }

    /// The way of these layers of the image.
    func passage(_ release: Release, _ parts: ImageParts, layers: [ImageParts.Blob], from builder: String) throws -> Passage {
        let key = Key(release: release, digests: [parts.config.digest] + layers.map(\.digest))
        if let passage = passages[key] { return passage }
        let files = PartialArchive(parts: parts, reference: release.reference)
        let pack = try ImageStore(release: release).pack(files, of: key.digests)
        let passage = Passage(pack: pack, builder: builder, folder: folder, name: release.name)
        passages[key] = passage
        return passage
    }

    private static func takeApart(_ release: Release, on builder: Machine) async throws -> ImageParts {
        let store = ImageStore(release: release)
        let fix = "is there space left on \(builder.host.name)? `df -h /var/lib` tells"
        let printed = try await builder.run(store.unpack, fix: fix).text
        guard let saved = SavedImage.one(printed) else { return try ImageParts(printed: printed, by: builder.host.name) }
        return try ImageParts(printed: try await builder.run(store.keep(saved), fix: fix).text, by: builder.host.name)
    }
}
