import ForgeCore
import ForgePlan
import Foundation

/// The way of an archive through the operator's machine, for nodes that no other machine can reach: it is fetched once, however many there are.
actor Detour {
    /// An archive on the operator's machine, removed when nobody needs it any longer.
    final class File: Sendable {
        let path: String

        init(path: String) { self.path = path }

        deinit {
            try? FileManager.default.removeItem(atPath: path)
            // Only an empty folder goes.
            rmdir((path as NSString).deletingLastPathComponent)
        }
    }

    private let folder: String
    private let name: String
    private var fetching: Task<File, any Error>?

    init(folder: String, name: String) { (self.folder, self.name) = (folder, name) }

    func file(_ archive: PackedArchive, from builder: Machine) async throws -> File {
        let task = fetching ?? Task { [folder, name] in try await Self.fetch(archive, name, into: folder, from: builder) }
        fetching = task
        return try await task.value
    }

    func end() { fetching = nil }

    /// Removes what lies there of runs that were killed, and what older versions of kubeforge kept. A file's name tells whose it is.
    static func removeAbandoned(in folder: String) {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        for name in names where isAbandoned(name) { try? FileManager.default.removeItem(atPath: "\(folder)/\(name)") }
        rmdir(folder)
    }

    private static func isAbandoned(_ name: String) -> Bool {
        if name.hasSuffix(".tar") { return true }
        let owner = name.firstMatch(of: /-(\d+)-[0-9A-F-]{36}\.tar\.(zst|gz)$/).map(\.1)
        return owner.map { !FileManager.default.fileExists(atPath: "/proc/\($0)") } ?? false
    }

    private static func fetch(_ archive: PackedArchive, _ name: String, into folder: String, from builder: Machine) async throws -> File {
        let path = "\(folder)/\(name)-\(ProcessInfo.processInfo.processIdentifier)-\(UUID().uuidString).tar.zst"
        let file = File(path: path)
        do {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            try await builder.run(archive.read.writing(toFile: path), fix: "is there space left in \(folder)? `df -h` tells")
            return file
        } catch let error as CocoaError {
            throw Problem(
                what: "\(path) cannot be written", why: error.localizedDescription,
                fix: "make room there, or set KUBEFORGE_CACHE to another folder")
        }
    }
}
