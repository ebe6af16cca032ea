import ForgeCore

/// Something that shall be true of one host, and how to make it so.
package protocol Step: Sendable {
    /// A truth, as it reads when it holds: "containerd 2.2.1 is installed".
    var title: String { get }

    /// The looks at the host that decide whether it holds.
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
