import ForgeCore
import ForgePlan
import Foundation

/// The image as a file on the operator's machine: fetched at most once, however many nodes need it at the same time.
actor ImageArchive {
    private let folder: String
    private var fetched: [Release: Task<String, any Error>] = [:]

    init(folder: String) { self.folder = folder }

    /// The file's path, as soon as it is complete.
    func path(of release: Release, from builder: @escaping @Sendable () async throws -> Machine) async throws -> String {
        if let fetched = fetched[release] { return try await fetched.value }
        let folder = folder
        let task = Task { try await Self.fetch(release, into: folder, from: try await builder()) }
        fetched[release] = task
        return try await task.value
    }

    /// The image's id is in the name: an image that was built again is another file.
    private static func fetch(_ release: Release, into folder: String, from builder: Machine) async throws -> String {
        let id = try await builder.run(Command("sh", "-c", Word(DockerImage.look(release.image))).asRoot()).text
        let digest = id.trimming(while: \.isWhitespace).split(separator: ":").last ?? "unknown"
        let path = "\(folder)/\(release.name)-\(release.tag)-\(digest.prefix(12)).tar"
        if FileManager.default.fileExists(atPath: path) { return path }
        do {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            removeOthers(of: release, in: folder)
            let new = "\(path).\(ProcessInfo.processInfo.processIdentifier).new"
            let save = Command("docker", "save", "--", Word(release.image)).asRoot().within(.seconds(3600)).writing(toFile: new)
            try await builder.run(save, fix: "is there space left in \(folder)? `df -h` tells")
            try FileManager.default.moveItem(atPath: new, toPath: path)
        } catch let error as CocoaError {
            throw Problem(
                what: "\(path) cannot be written", why: error.localizedDescription,
                fix: "make room there, or set KUBEFORGE_CACHE to another folder")
        }
        return path
    }

    /// Images are large: one archive for each service is enough, since every node gets the same.
    private static func removeOthers(of release: Release, in folder: String) {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        for name in names where name.hasPrefix(release.name + "-") && name.dropFirst(release.name.count + 1).first?.isHexDigit == true {
            try? FileManager.default.removeItem(atPath: folder + "/" + name)
        }
    }
}
