import ForgeCore
import Foundation

/// The file of one run's log, for this user only. The last twenty runs are kept.
package final class LogFile: Sendable {
    private static let kept = 20

    /// Absolute; another run of the same second and verb gets a number at the end of its name.
    package let path: String
    private let descriptor: Int32

    /// Its name is the time in UTC and the verb, so that names sort by age: `2026-11-21T09-12-03-provision.log`.
    package convenience init(action: String, at time: Date, in folder: StateFolder) throws(Problem) {
        try folder.make()
        let stamp = Self.stamp(time)
        var (path, number) = ("\(folder.logs)/\(stamp)-\(action).log", 1)
        var descriptor = Self.create(path)
        while descriptor < 0 && errno == EEXIST {
            number += 1
            path = "\(folder.logs)/\(stamp)-\(action)-\(number).log"
            descriptor = Self.create(path)
        }
        guard descriptor >= 0 else {
            throw Problem(
                what: "cannot make the log \(path)", why: String(cString: strerror(errno)), fix: folder.cure)
        }
        if let owner = WholeFile.newOwner(path) { fchown(descriptor, owner.user, owner.group) }
        self.init(path, descriptor)
        Self.removeOld(in: folder.logs)
    }

    /// Takes the descriptor over.
    init(_ path: String, _ descriptor: Int32) { (self.path, self.descriptor) = (path, descriptor) }

    /// Why the text is not in the file; nil when it is.
    func write(_ text: String) -> String? {
        writeAll(text, to: descriptor) ? nil : String(cString: strerror(errno))
    }

    deinit { close(descriptor) }

    private static func create(_ path: String) -> Int32 {
        open(path, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0o600)
    }

    private static func stamp(_ time: Date) -> String {
        String(time.formatted(.iso8601).dropLast()).replacing(":", with: "-")
    }

    private static func removeOld(in folder: String) {
        let logs = ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).filter {
            $0.hasSuffix(".log")
        }.sorted()
        for name in logs.dropLast(kept) { try? FileManager.default.removeItem(atPath: folder + "/" + name) }
    }
}
