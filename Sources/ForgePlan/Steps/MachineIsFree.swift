import ForgeCore

/// No run keeps the machine to itself.
package struct MachineIsFree: Step {
    private let path: String

    package init(at path: String = MachineLock.path) { self.path = path }

    package var title: String { "no run holds the machine" }

    package var questions: [Question] { [.command(look)] }

    /// The holder, where a run keeps the machine between its commands; none while a command of it still runs.
    package func differences(given answers: Answers) -> [Difference] {
        let words = answers.command(look).text.trimming(while: \.isWhitespace).split(separator: " ", maxSplits: 1).map(
            String.init)
        guard words.count == 2, words[0] == "kept" else { return [] }
        return [Difference("it is held by \(Holder(line: words[1])?.sentence ?? "a run that cannot be told")")]
    }

    /// A command that still runs keeps the lock until it ends.
    package func apply(to machine: Machine) async throws { try await machine.run(MachineLock.clear(path)) }

    private var look: String { MachineLock.look(path) }
}
