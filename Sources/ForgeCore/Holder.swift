/// Who holds a lock: one run of kubeforge, as it is written for others into a machine's lock file or into a Lease.
package struct Holder: Sendable, Hashable {
    /// Tells this run from every other: 16 hexadecimal digits.
    package var run: String
    /// `user@computer`
    package var person: String
    /// Where its process number means something: the same for all processes that could see it.
    package var computer: String
    /// Of the run's process, on `computer`.
    package var processID: Int32
    /// When the run began: `2026-11-21T09:12:03Z`.
    package var since: String
    /// As it is typed after `kubeforge`: `batch run`.
    package var command: String

    package init(run: String, person: String, computer: String, processID: Int32, since: String, command: String) {
        self.run = run
        self.person = person
        self.computer = computer
        self.processID = processID
        self.since = since
        self.command = command
    }

    /// A run's name that no other has.
    package static func newRun() -> String {
        (0..<16).map { _ in String(UInt8.random(in: 0...15), radix: 16) }.joined()
    }

    /// One line, which `init(line:)` reads.
    package var line: String {
        [run, person.filter { !$0.isWhitespace }, computer, "\(processID)", since, command].joined(separator: " ")
    }

    /// nil for what kubeforge did not write: the line comes from a machine, and parts of it are shown.
    package init?(line: String) {
        let form = /([0-9a-f]{16}) ([!-~]{1,300}) ([0-9a-f]{1,16}) ([0-9]{1,9}) ([0-9T:.Z-]{1,32}) ([a-z][a-z -]{0,40})/
        guard let parts = line.wholeMatch(of: form), let process = Int32(parts.4) else { return nil }
        self.init(
            run: String(parts.1), person: String(parts.2), computer: String(parts.3), processID: process,
            since: String(parts.5),
            command: String(parts.6))
    }

    /// `kubeforge deploy` of anna@laptop, process 123, since 2026-11-21T09:12:03Z.
    package var sentence: String { "`kubeforge \(command)` of \(person), process \(processID), since \(since)" }
}

extension Problem {
    /// Another run holds what this one needs. `what` names what it is; the holder is nil where its name cannot be read.
    package init(held what: String, by holder: Holder?, note: String? = nil) {
        self.init(
            .held, what: what,
            why: [holder.map { "it is held by \($0.sentence)" } ?? "its holder cannot be told", note].compactMap { $0 }
                .joined(separator: "\n"),
            fix: "wait for it to end; after a run that was killed, `kubeforge unlock` shows and removes what it held")
    }
}
