import ForgeCore

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

    /// All differences in one problem, with the fix that was given for the requirement.
    package func finding(_ differences: [Difference], on host: Host) -> Problem {
        Problem(
            what: "\(host.name): requirement not met: \(title)", why: differences.map(\.text).joined(separator: "\n"),
            fix: fix)
    }
}
