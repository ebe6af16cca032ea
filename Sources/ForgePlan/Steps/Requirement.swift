import ForgeCore

/// A preflight: something that must be true and that kubeforge will not change. Its `apply` is the explanation.
package struct Requirement: Step {
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

    package func apply(to machine: Machine) async throws {
        let found = notSo(try await machine.ask(questions)).map(\.text).joined(separator: "\n")
        throw Problem(what: "\(machine.host.name): not so: \(title)", why: found, fix: fix)
    }
}
