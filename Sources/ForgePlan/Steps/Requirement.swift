import ForgeCore

/// Something that must be true and that kubeforge will not change.
package struct Requirement: Preflighting {
    package let title: String
    package let questions: [Question]
    private let fix: String
    private let notSo: @Sendable (Answers) -> [Difference]

    package init(_ title: String, asking questions: [Question], fix: String, notSo: @escaping @Sendable (Answers) -> [Difference]) {
        self.title = title
        self.questions = questions
        self.fix = fix
        self.notSo = notSo
    }

    package func differences(given answers: Answers) -> [Difference] { notSo(answers) }

    package func finding(_ differences: [Difference], on host: Host) -> Problem {
        Problem(what: "\(host.name): not so: \(title)", why: differences.map(\.text).joined(separator: "\n"), fix: fix)
    }
}
