import Foundation

/// What a run sees of the computer it runs on that is not its arguments. Tests make their own; Assembly makes the real
/// one.
package struct ProcessEnvironment: Sendable {
    /// The variables as they are set; `variable` is what treats empty ones as missing.
    package var environment: [String: String]
    /// The current folder, absolute.
    package var directory: String
    /// `$HOME`, absolute and without a slash at its end; the account's home where that variable is empty.
    package var home: String
    /// Standard output: results, and nothing else.
    package var output: TextStream
    /// Standard error: progress, notes and problems.
    package var progress: TextStream
    /// The time of day, for names of files and for durations.
    package var now: @Sendable () -> Date
    /// Of this process; written into locks, so that whoever meets one knows what to wait for.
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

    /// The folder of what can be made again: `$KUBEFORGE_CACHE`, else `~/.cache/kubeforge`.
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
