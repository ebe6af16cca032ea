import ForgeCore

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
