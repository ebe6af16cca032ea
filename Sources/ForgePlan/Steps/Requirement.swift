import ForgeCore

/// Something that must be true and that kubeforge will not change.
package struct Requirement: PreflightCheck {
    package let title: String
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

    package func finding(_ differences: [Difference], on host: Host) -> Problem {
        Problem(
            what: "\(host.name): requirement not met: \(title)", why: differences.map(\.text).joined(separator: "\n"),
            fix: fix)
    }
}
