import ForgeCore
import Foundation

/// One run at a time for a cluster, among the runs of this user on this computer. The kernel releases it when the
/// process ends.
package final class RunLock: Sendable {
    private let descriptor: Int32

    /// Who holds a lock, as it stands in its file for the one who meets it.
    package struct Holder: Sendable, Hashable {
        /// The action as it is typed: `provision`.
        package var action: String
        /// The number of the kubeforge process, on this computer.
        package var processID: Int32
        /// When the run began.
        package var since: Date

        package init(action: String, processID: Int32, since: Date) {
            self.action = action
            self.processID = processID
            self.since = since
        }
    }

    package init(_ cluster: String, in directory: StateDirectory, for holder: Holder) throws(Problem) {
        try directory.make()
        let path = directory.lock(of: cluster)
        do throws(LocalFile.Failure) { descriptor = try LocalFile.openOrMake(path, O_RDWR) } catch {
            throw Problem(what: "cannot open \(path)", why: error.reason, fix: directory.cure)
        }
        // `deinit` closes it after a throw, too: a second close could hit what another thread has opened meanwhile.
        guard (try? LocalFile.lock(descriptor)) == true else { throw Problem(cluster, isHeldBy: Holder(read: path)) }
        ftruncate(descriptor, 0)
        writeAll(holder.text, to: descriptor)
    }

    /// Gives it back.
    package func end() {
        ftruncate(descriptor, 0)
        flock(descriptor, LOCK_UN)
    }

    deinit { if descriptor >= 0 { close(descriptor) } }
}

extension RunLock.Holder {
    fileprivate var text: String { "\(action) \(processID) \(since.timeIntervalSince1970)\n" }

    fileprivate init?(read path: String) {
        let words = ((try? String(contentsOfFile: path, encoding: .utf8)) ?? "").split(whereSeparator: \.isWhitespace)
        // An action may have two words: `batch run`.
        guard words.count > 2, let seconds = Double(words[words.count - 1]), let process = Int32(words[words.count - 2])
        else { return nil }
        self.init(
            action: words.dropLast(2).joined(separator: " "), processID: process,
            since: Date(timeIntervalSince1970: seconds))
    }
}

extension Problem {
    /// The holder is nil in the moment between its lock and its name.
    fileprivate init(_ cluster: String, isHeldBy holder: RunLock.Holder?) {
        self.init(
            .held, what: "\(cluster) is in use by another kubeforge run",
            why: holder.map {
                "`kubeforge \($0.action)`, process \($0.processID), since \($0.since.formatted(.iso8601))"
            },
            fix: "wait for it to end"
                + (holder.map { ", or end it after its running step: kill \($0.processID)" } ?? ""))
    }
}

/// What is known of the processes of this computer: whether the run that holds a lock is still at work.
enum LocalProcesses {
    /// The same for all processes that could see each other, and for no others: this start of this computer, in this
    /// container.
    static let name: String = {
        guard let boot = try? String(contentsOfFile: "/proc/sys/kernel/random/boot_id", encoding: .utf8),
            let space = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/ns/pid")
        else { return "0" }
        return String(SHA256.hex(Array((boot + space).utf8)).prefix(16))
    }()

    /// False where that cannot be known. This very process holds nothing that it does not know of.
    static func isEnded(_ holder: Holder) -> Bool {
        guard holder.computer == name, name != "0" else { return false }
        if holder.processID == ProcessInfo.processInfo.processIdentifier { return true }
        return kill(holder.processID, 0) != 0 && errno == ESRCH
    }
}
