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
    /// The name of the stage that the step belongs to: `container runtime is ready`.
    package var stage: String
    /// The name of the host in the inventory, or `lab` where the lab itself is meant.
    package var host: String
    /// `Step.title`, which reads as a truth whatever the outcome.
    package var title: String
    /// Begins as `failed`, so that a step that is left early never counts as done.
    package var outcome: Outcome
    /// Before the change; with `failed`, what is still not so.
    package var differences: [Difference]
    /// From the first question to the last, waiting included.
    package var seconds: Double
    /// Why the step failed or refused; nil for every other outcome.
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

    /// `wouldChange` is what a dry run says where a real one would say `changed`; `unchanged` means that it held
    /// already.
    package enum Outcome: String, Sendable, Hashable {
        case unchanged, changed, wouldChange, failed
    }
}

/// One question to the service, with what it should answer and what it did.
package struct CheckReport: Sendable, Hashable {
    /// What was asked, and where if it matters: `score of lda`, `load: no request failed`.
    package var name: String
    /// False, too, where no answer came at all.
    package var isPassed: Bool
    /// In words: the answer itself, cut where it is long, or a bound such as `0.9 or more`.
    package var expected: String
    /// In the words of `expected`; only the members that differ where the answer is an object.
    package var got: String
    /// From request to answer; 0 for a check that is worked out from others and asks nothing itself.
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
    /// The outcome of the run as a whole; its exit code follows from it.
    package var outcome: Outcome
    /// By the host's name; a host that was never reached is here, too.
    package var hosts: [String: HostSummary]
    /// How long the whole run took, connecting included.
    package var seconds: Double

    package init(outcome: Outcome, hosts: [String: HostSummary] = [:], seconds: Double = 0) {
        self.outcome = outcome
        self.hosts = hosts
        self.seconds = seconds
    }

    /// `incomplete` when the run went on to its end, but some hosts were set aside or the user stopped it.
    package enum Outcome: String, Sendable, Hashable {
        case ok, failed, incomplete
    }

    /// Steps of all hosts that were not so, and were made so.
    package var changed: Int { hosts.values.reduce(0) { $0 + $1.changed } }
    /// Steps of all hosts that held already; a converged cluster has no others.
    package var unchanged: Int { hosts.values.reduce(0) { $0 + $1.unchanged } }
    /// Steps of all hosts that a dry run found not to hold.
    package var wouldChange: Int { hosts.values.reduce(0) { $0 + $1.wouldChange } }
    /// Steps of all hosts that failed or refused, with one for each host that could not be reached.
    package var failed: Int { hosts.values.reduce(0) { $0 + $1.failed } }
}

/// The end of a run for one host: its steps by outcome, and what its connection cost.
package struct HostSummary: Sendable, Hashable {
    /// Steps that were applied, and held afterwards.
    package var changed = 0
    /// Steps that held when first asked.
    package var unchanged = 0
    /// Steps that a dry run would have applied.
    package var wouldChange = 0
    /// Steps that failed or refused, and the failure to reach the host.
    package var failed = 0
    /// The traffic of the one connection to the host; all zeros where there was none.
    package var traffic = Traffic()

    package init() {}

    /// Adds one step.
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
    /// The name of the pod in its namespace, as `kubectl logs` takes it.
    package var pod: String
    /// Without its newline; it comes from a container, and is shown only with control characters taken out.
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
    /// Rows with as many cells as there are columns; an empty cell is nothing.
    package var rows: [[String]]

    package init(of kind: String, columns: [Column], rows: [[String]]) {
        self.kind = kind
        self.columns = columns
        self.rows = rows
    }

    /// What stands at one place of every row.
    package struct Column: Sendable, Hashable {
        /// The member of a JSON object, in camel case: `releasedAt`.
        package var key: String
        /// Above the column on a screen, in lower case: `released`.
        package var heading: String

        package init(_ key: String, _ heading: String) {
            self.key = key
            self.heading = heading
        }
    }
}

/// How a model's answers meet the truth on the whole test set, as the training pipeline counted.
package struct ConfusionMatrix: Sendable, Hashable {
    /// The model as answers name it: `lda`.
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
    /// One line in most cases, without a full stop: it stands in parentheses beside the step.
    package let text: String

    package init(_ text: String) { self.text = text }

    package init(stringLiteral text: String) { self.text = text }

    package init(_ subject: String, from old: some CustomStringConvertible, to new: some CustomStringConvertible) {
        text = "\(subject): \(old) → \(new)"
    }

    package var description: String { text }
}
