import ForgeCore

/// Something that shall be true of one host, and how to make it so.
package protocol Step: Sendable {
    /// A truth, as it reads when it holds: "containerd 2.2.1 is installed".
    var title: String { get }

    /// The questions to the host that decide whether it holds.
    var questions: [Question] { get }

    /// What is not so yet; empty when the title is true. Pure.
    func differences(given answers: Answers) -> [Difference]

    /// Makes it so. The same questions are asked again afterwards.
    func apply(to machine: Machine) async throws

    /// Why these differences are not for kubeforge to change, with the fix; nil for a step that can apply itself.
    /// It is asked before `apply`, in a dry run, too: what provisioning would refuse is not something that it would
    /// change.
    func refusal(of differences: [Difference], on host: Host) -> Problem?

    /// What a person should know of the host that is nothing to change: told once, when the step holds or would be
    /// applied. Pure.
    func notes(given answers: Answers, on host: Host) -> [String]
}

extension Step {
    /// Nothing is told where a step has nothing to tell.
    package func notes(given answers: Answers, on host: Host) -> [String] { [] }

    /// nil: a step applies itself unless it says otherwise.
    package func refusal(of differences: [Difference], on host: Host) -> Problem? { nil }
}

/// A preflight: a step that refuses and never applies itself.
package protocol PreflightCheck: Step {
    func finding(_ differences: [Difference], on host: Host) -> Problem
}

extension PreflightCheck {
    /// Always the finding, so that a dry run refuses what a real run would refuse.
    package func refusal(of differences: [Difference], on host: Host) -> Problem? { finding(differences, on: host) }

    /// Never changes anything: it looks again, and throws what it finds.
    package func apply(to machine: Machine) async throws {
        throw finding(differences(given: try await machine.ask(questions)), on: machine.host)
    }
}

/// A list of steps, or nothing: keeps conditions inside the literal that is the table of contents.
package func when(_ condition: Bool, _ steps: any Step...) -> [any Step] { condition ? steps : [] }

/// Something that must be true and that kubeforge will not change.
package struct Requirement: PreflightCheck {
    /// What must be so: `its containerd is new enough for Kubernetes 1.36.2`.
    package let title: String
    /// Only looked at: nothing that these could lead to is ever applied.
    package let questions: [Question]
    private let fix: String
    private let differences: @Sendable (Answers) -> [Difference]

    package init(
        _ title: String, asking questions: [Question], fix: String,
        differences: @escaping @Sendable (Answers) -> [Difference]
    ) {
        self.title = title
        self.questions = questions
        self.fix = fix
        self.differences = differences
    }

    package func differences(given answers: Answers) -> [Difference] { differences(answers) }

    /// The same where the condition holds; nothing is said where it does not.
    package func `where`(_ condition: @escaping @Sendable (Answers) -> Bool, asking more: [Question]) -> Requirement {
        Requirement(title, asking: questions + more, fix: fix) { [differences] answers in
            condition(answers) ? differences(answers) : []
        }
    }

    /// All differences in one problem, with the fix that was given for the requirement.
    package func finding(_ differences: [Difference], on host: Host) -> Problem {
        Problem(
            what: "\(host.name): requirement not met: \(title)", why: differences.map(\.text).joined(separator: "\n"),
            fix: fix)
    }
}

/// Commands make it so: for the few things that are neither a file nor a package nor a unit.
package struct CommandStep: Step {
    package let title: String
    /// Must tell the effect of the commands, since they are asked again afterwards.
    package let questions: [Question]
    private let differences: @Sendable (Answers) -> [Difference]
    private let make: @Sendable (Machine) async throws -> Void

    package init(
        _ title: String, asking questions: [Question], differences: @escaping @Sendable (Answers) -> [Difference],
        by make: @escaping @Sendable (Machine) async throws -> Void
    ) {
        self.title = title
        self.questions = questions
        self.differences = differences
        self.make = make
    }

    package func differences(given answers: Answers) -> [Difference] { differences(answers) }

    /// Throws what the commands throw.
    package func apply(to machine: Machine) async throws { try await make(machine) }
}
