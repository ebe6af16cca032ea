import ForgeCore
import Foundation

/// What a run sees of the computer it runs on that is not its arguments. Tests make their own; Assembly makes the real
/// one.
package struct ProcessEnvironment: Sendable {
    /// The variables as they are set; `variable` is what treats empty ones as missing.
    package var environment: [String: String]
    /// The current directory, absolute.
    package var directory: String
    /// `$HOME`, absolute and without a slash at its end; the account's home where that variable is empty.
    package var home: String
    /// Standard output: results, and nothing else.
    package var output: TextStream
    /// Standard error: progress, notes and problems.
    package var progress: TextStream
    /// The time of day, for names of files and for durations.
    package var now: @Sendable () -> Date
    /// The number of this process; written into locks, so that whoever meets one knows what to wait for.
    package var processID: Int32

    package init(
        environment: [String: String], directory: String, home: String, output: TextStream, progress: TextStream,
        now: @escaping @Sendable () -> Date, processID: Int32
    ) {
        self.environment = environment
        self.directory = directory
        self.home = home
        self.output = output
        self.progress = progress
        self.now = now
        self.processID = processID
    }

    /// A variable that is set to something; an empty one counts as not set.
    package func variable(_ name: String) -> String? {
        environment[name].flatMap { $0.isEmpty ? nil : $0 }
    }

    /// The path, absolute and without `.` and `..`.
    package func absolute(_ path: String) -> String {
        let full = path.hasPrefix("/") ? path : directory + "/" + path
        return URL(filePath: full).standardizedFileURL.path(percentEncoded: false)
    }

    /// The path as a person of this computer writes it: `~` for home.
    package func shown(_ path: String) -> String {
        path.hasPrefix(home + "/") ? "~" + path.dropFirst(home.count) : path
    }

    /// The directory of what can be made again: `$KUBEFORGE_CACHE`, else `~/.cache/kubeforge`.
    package var cache: String { variable("KUBEFORGE_CACHE").map(absolute) ?? home + "/.cache/kubeforge" }

    /// Who runs kubeforge, for others who read the history of a service: `user@computer`. With sudo, the one who typed
    /// it.
    package var person: String {
        let user = variable("SUDO_USER") ?? variable("USER") ?? variable("LOGNAME") ?? NSUserName()
        return "\(user)@\(ProcessInfo.processInfo.hostName)"
    }

    /// Where kubectl looks for its configuration: the first file of `$KUBECONFIG`, else `~/.kube/config`.
    package var kubeconfig: String {
        let first = variable("KUBECONFIG")?.split(separator: ":").first.map(String.init)
        return first.map(absolute) ?? home + "/.kube/config"
    }
}

/// The directory of what kubeforge keeps between runs: logs, locks and which inventory was last. Losing it loses
/// nothing of a cluster.
package struct StateDirectory: Sendable, Hashable {
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
        do throws(LocalFile.Failure) { try LocalFile.makeDirectory(logs) } catch {
            throw Problem(
                what: "cannot create the directory \(logs)", why: error.reason,
                fix: "make it writable, or set XDG_STATE_HOME to a directory that is")
        }
    }

    /// What helps where something in it belongs to somebody else.
    var cure: String { "if it is yours: sudo chown -R \"$(id -u):$(id -g)\" \(path.shellQuoted)" }
}

/// How many files, sockets and pipes this process may have open. Login sessions start with 1024; a run holds a socket
/// for each host, and tests many pipes besides.
package enum OpenFileLimit {
    /// More is of no use, and programs that walk all possible descriptors take long with a limit of millions.
    private static let most: rlim_t = 65_536

    /// Raises the soft limit as far as the hard one lets it, and gives back what it is then.
    @discardableResult
    package static func raise() -> UInt64 {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return 0 }
        let wanted = min(limit.rlim_max, most)
        if limit.rlim_cur < wanted {
            limit.rlim_cur = wanted
            _ = setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        }
        return UInt64(limit.rlim_cur)
    }
}
