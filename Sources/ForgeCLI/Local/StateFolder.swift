import ForgeCore

/// The folder of what kubeforge keeps between runs: logs, locks and which inventory was last. Losing it loses nothing
/// of a cluster.
package struct StateFolder: Sendable, Hashable {
    /// Absolute; it need not be there before `make`.
    package let path: String

    /// `$XDG_STATE_HOME/kubeforge`; that specification says to ignore a relative `$XDG_STATE_HOME`.
    package init(_ surroundings: ProcessEnvironment) {
        let given = surroundings.variable("XDG_STATE_HOME").flatMap { $0.hasPrefix("/") ? $0 : nil }
        path = (given ?? surroundings.home + "/.local/state") + "/kubeforge"
    }

    /// The directory with a file for each of the last twenty runs; dry runs leave none.
    package var logs: String { path + "/logs" }

    /// A file with one line: the absolute path of the inventory.
    package var lastInventory: String { path + "/inventory" }

    /// The file that a run on the cluster of this name locks; see `RunLock`.
    package func lock(of cluster: String) -> String { "\(path)/\(cluster).lock" }

    /// Makes the directory, for this user only, because logs tell a lot about machines. In the home of a user for whom
    /// root works, it is the user's, and so is all in it: later runs are theirs.
    package func make() throws(Problem) {
        do throws(LocalFile.Failure) { try LocalFile.makeFolder(logs) } catch {
            throw Problem(
                what: "cannot create the directory \(logs)", why: error.reason,
                fix: "make it writable, or set XDG_STATE_HOME to a folder that is")
        }
    }

    /// What helps where something in it belongs to somebody else.
    var cure: String { "if it is yours: sudo chown -R \"$(id -u):$(id -g)\" \(path.shellQuoted)" }
}
