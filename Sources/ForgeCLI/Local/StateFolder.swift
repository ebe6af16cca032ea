import ForgeCore
import Foundation

/// The folder of what kubeforge keeps between runs: logs, locks and which inventory was last. Losing it loses nothing
/// of a cluster.
package struct StateFolder: Sendable, Hashable {
    package let path: String

    /// `$XDG_STATE_HOME/kubeforge`; that specification says to ignore a relative `$XDG_STATE_HOME`.
    package init(_ surroundings: ProcessEnvironment) {
        let given = surroundings.variable("XDG_STATE_HOME").flatMap { $0.hasPrefix("/") ? $0 : nil }
        path = (given ?? surroundings.home + "/.local/state") + "/kubeforge"
    }

    package var logs: String { path + "/logs" }

    package var lastInventory: String { path + "/inventory" }

    package func lock(of cluster: String) -> String { "\(path)/\(cluster).lock" }

    /// Makes the folder, for this user only, because logs tell a lot about machines.
    package func make() throws(Problem) {
        do {
            try FileManager.default.createDirectory(
                atPath: logs, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw Problem(
                what: "cannot create the directory \(logs)", why: error.localizedDescription,
                fix: "make it writable, or set XDG_STATE_HOME to a folder that is")
        }
    }
}
