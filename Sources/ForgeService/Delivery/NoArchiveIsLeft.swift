import ForgeCore
import ForgePlan

/// Nothing is left on the machine that builds of archives whose run was killed. Nodes are asked the same together with the image.
struct NoArchiveIsLeft: Step {
    var title: String { "no archive of an earlier run is left" }

    var questions: [Question] { [.command(PackedArchive.look)] }

    func differences(given answers: Answers) -> [Difference] { Self.differences(given: answers) }

    static func differences(given answers: Answers) -> [Difference] {
        let names = answers.command(PackedArchive.look).text.split(whereSeparator: \.isWhitespace)
        return names.isEmpty ? [] : ["an earlier run that was cut short left \(names.joined(separator: ", "))"]
    }

    func apply(to machine: Machine) async throws { try await machine.run(PackedArchive.removeAll) }
}
