import ForgeCore
import Foundation

/// What is mounted on this computer, for the parts of a lab's folder.
enum Mounts {
    /// Before a command that mounts things, itself or by mmdebstrap: they go away with its last process, however that
    /// ends, and nobody who removes or measures a folder of the cache runs into this computer's /proc. Only root can
    /// mount anything.
    static let ownNamespace: [Word] = geteuid() == 0 ? ["unshare", "--mount", "--propagation", "private"] : []

    /// The mount points at and below the folder, innermost first. `table` is /proc/self/mounts, which writes a space as
    /// `\040`.
    static func points(below folder: String, in table: String) -> [String] {
        let points = table.split(separator: "\n").compactMap { line -> String? in
            let fields = line.split(separator: " ")
            return fields.count > 1 ? plain(fields[1]) : nil
        }
        return points.filter { $0 == folder || $0.hasPrefix(folder + "/") }.reversed()
    }

    static func unmount(below folder: String, _ computer: LocalHost) async throws {
        for point in points(below: folder, in: computer.read("/proc/self/mounts") ?? "") {
            // A mount that something of a killed machine still holds goes away with it; its place is free at once. So
            // is that of a server that is away, for which umount waits.
            let output = try? await computer.run(Command("umount", Word(point)).within(.seconds(30)))
            try Task.checkCancellation()
            if output?.isSuccess != true {
                try await computer.finish(Command("umount", "--lazy", Word(point)).within(.seconds(30)))
            }
        }
    }

    private static func plain(_ field: Substring) -> String {
        String(field).replacing("\\040", with: " ").replacing("\\011", with: "\t").replacing("\\134", with: "\\")
    }
}
