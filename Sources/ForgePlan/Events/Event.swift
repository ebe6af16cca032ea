import ForgeCore

/// Something that happened. Screen, log, JSON lines and reports are all drawn from these, and from nothing else.
package enum Event: Sendable {
    /// A sentence for the person: which inventory was taken, what to type next.
    case note(String)
    case stageBegan(String)
    case stepBegan(host: String, title: String)
    /// A line that a command printed while a step was applied.
    case output(host: String, OutputLine)
    case step(StepReport)
    case check(CheckReport)
    case confusion(ConfusionMatrix)
    case table(Table)
    case load(LoadReport)
    case podLine(PodLine)
    /// A problem that belongs to no step: a host that cannot be reached, a file that cannot be read.
    case problem(Problem, host: String?)
    case summary(Summary)
}

/// Something that wants to know what happens. Events come in order, one at a time for each host.
package protocol Reporter: Sendable {
    func report(_ event: Event)
}

/// How one step of one host ended.
package struct StepReport: Sendable, Hashable {
    package var stage: String
    package var host: String
    package var title: String
    package var outcome: Outcome
    /// Before the change; with `failed`, what is still not so.
    package var differences: [Difference]
    package var seconds: Double
    package var problem: Problem?

    package init(
        stage: String, host: String, title: String, outcome: Outcome, differences: [Difference], seconds: Double,
        problem: Problem? = nil
    ) {
        self.stage = stage
        self.host = host
        self.title = title
        self.outcome = outcome
        self.differences = differences
        self.seconds = seconds
        self.problem = problem
    }

    package enum Outcome: String, Sendable, Hashable {
        case unchanged, changed, wouldChange, failed
    }
}

/// One question to the service, with what it should answer and what it did.
package struct CheckReport: Sendable, Hashable {
    package var name: String
    package var isPassed: Bool
    package var expected: String
    package var got: String
    package var milliseconds: Double

    package init(name: String, isPassed: Bool, expected: String, got: String, milliseconds: Double) {
        self.name = name
        self.isPassed = isPassed
        self.expected = expected
        self.got = got
        self.milliseconds = milliseconds
    }
}

/// The end of a run, counted.
package struct Summary: Sendable, Hashable {
    package var outcome: Outcome
    package var hosts: [String: HostSummary]
    package var seconds: Double

    package init(outcome: Outcome, hosts: [String: HostSummary] = [:], seconds: Double = 0) {
        self.outcome = outcome
        self.hosts = hosts
        self.seconds = seconds
    }

    package enum Outcome: String, Sendable, Hashable {
        case ok, failed, incomplete
    }

    package var changed: Int { hosts.values.reduce(0) { $0 + $1.changed } }
    package var unchanged: Int { hosts.values.reduce(0) { $0 + $1.unchanged } }
    package var wouldChange: Int { hosts.values.reduce(0) { $0 + $1.wouldChange } }
    package var failed: Int { hosts.values.reduce(0) { $0 + $1.failed } }
}

package struct HostSummary: Sendable, Hashable {
    package var changed = 0
    package var unchanged = 0
    package var wouldChange = 0
    package var failed = 0
    package var traffic = Traffic()

    package init() {}

    package mutating func count(_ outcome: StepReport.Outcome) {
        switch outcome {
        case .unchanged: unchanged += 1
        case .changed: changed += 1
        case .wouldChange: wouldChange += 1
        case .failed: failed += 1
        }
    }
}

/// A line of a pod's log, asked for by the user.
package struct PodLine: Sendable, Hashable {
    package var pod: String
    package var text: String
    /// Which of the pods it is, from 0, and how many columns the longest of their names takes.
    package var place: Int
    package var columns: Int

    package init(pod: String, text: String, place: Int = 0, columns: Int = 0) {
        self.pod = pod
        self.text = text
        self.place = place
        self.columns = columns
    }
}

/// Rows of text under headings: the answer to a question of the user, such as which releases there were.
package struct Table: Sendable, Hashable {
    /// What one row is, as programs read it: `release`.
    package var kind: String
    /// In a program's and in a person's words: `releasedAt`, `released`.
    package var columns: [Column]
    /// As many cells as there are columns; an empty cell is nothing.
    package var rows: [[String]]

    package init(of kind: String, columns: [Column], rows: [[String]]) {
        self.kind = kind
        self.columns = columns
        self.rows = rows
    }

    package struct Column: Sendable, Hashable {
        package var key: String
        package var heading: String

        package init(_ key: String, _ heading: String) {
            self.key = key
            self.heading = heading
        }
    }
}

/// How a model's answers meet the truth on the whole test set, as the training pipeline counted.
package struct ConfusionMatrix: Sendable, Hashable {
    /// As answers name it: `lda`.
    package var model: String
    /// The names of the classes, in the order of their numbers.
    package var classes: [String]
    /// `counts[truth][answer]`: rows of the test set.
    package var counts: [[Int]]

    package init(model: String, classes: [String], counts: [[Int]]) {
        self.model = model
        self.classes = classes
        self.counts = counts
    }

    /// Rows of the test set.
    package var rows: Int { counts.joined().reduce(0, +) }

    /// The share of rows that the model meets the truth on, from 0 to 1.
    package var accuracy: Double {
        rows == 0 ? 0 : Double(counts.indices.reduce(0) { $0 + counts[$1][$1] }) / Double(rows)
    }
}

/// One thing that is not as wanted: "kubeadm: 1.35.1 → 1.36.2".
package struct Difference: Sendable, Hashable, ExpressibleByStringInterpolation, CustomStringConvertible {
    package let text: String

    package init(_ text: String) { self.text = text }

    package init(stringLiteral text: String) { self.text = text }

    package init(_ subject: String, from old: some CustomStringConvertible, to new: some CustomStringConvertible) {
        text = "\(subject): \(old) → \(new)"
    }

    package var description: String { text }
}
