import ForgeCore
import Foundation

extension LocalHost {
    /// Links are followed: one that leads nowhere does not exist.
    package func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }

    /// The names in a folder, sorted; none if there is no such folder.
    package func names(in folder: String) -> [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted()
    }

    /// The file's text; nil if it cannot be read.
    /// Piece by piece: `Data(contentsOf:)` takes the first page of a file of /proc for the whole, and a table of mounts
    /// is longer.
    package func read(_ path: String) -> String? {
        guard let file = FileHandle(forReadingAtPath: path) else { return nil }
        defer { try? file.close() }
        var bytes = Data()
        do {
            while let piece = try file.read(upToCount: 1 << 16), !piece.isEmpty { bytes += piece }
        } catch {
            return nil
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Size and time of the last change, to notice that a large file is another one.
    package func stamp(_ path: String) -> String {
        let attributes = (try? FileManager.default.attributesOfItem(atPath: path)) ?? [:]
        let changed = (attributes[.modificationDate] as? Date)?.timeIntervalSince1970 ?? 0
        return "\(attributes[.size] as? Int ?? 0) \(changed)"
    }

    /// With all directories above it; one that is there already is no error.
    package func makeFolder(_ path: String) throws(Problem) {
        try doing("make the folder \(path)") {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        }
    }

    /// Straight into the file, as the kernel's own files want it.
    package func write(_ text: String, to path: String) throws(Problem) {
        try doing("write \(path)") { try Data(text.utf8).write(to: URL(filePath: path)) }
    }

    /// Into a temporary name that takes the place of the old file when it is complete. `mode` is permission bits such
    /// as 0o644.
    package func replace(_ path: String, with text: String, mode: Int = 0o644) throws(Problem) {
        try doing("write \(path)") {
            let url = URL(filePath: path)
            try FileManager.default.createDirectory(
                at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        }
        do throws(WholeFile.Failure) { try WholeFile.write(Array(text.utf8), to: path, mode: mode_t(mode)) } catch {
            throw Problem(what: "cannot write \(path)", why: error.reason)
        }
    }

    /// A file, a link, or a directory with all that is in it. Throws where there is nothing at the path.
    package func remove(_ path: String) throws(Problem) {
        try doing("remove \(path)") { try FileManager.default.removeItem(atPath: path) }
    }

    private func doing(_ what: String, _ work: () throws -> Void) throws(Problem) {
        do { try work() } catch { throw Problem(what: "cannot \(what)", why: (error as NSError).localizedDescription) }
    }
}
