import ForgeCore

/// `.command`: each in a shell of its own, one after the other.
struct CommandSection: Section {
    private let commands: [String]

    init(_ questions: [Question]) {
        commands = questions.compactMap { if case .command(let text) = $0 { text } else { nil } }.uniqued()
    }

    var isEmpty: Bool { commands.isEmpty }

    var script: String {
        commands.map { command in
            "c=$(sh -c \(command.shellQuoted) </dev/null 2>/dev/null); frame $? \"$c\""
        }.joined(separator: "\n")
    }

    func parse(_ frames: inout Frames) throws(Frames.Broken) -> [Question: Answer] {
        var answers: [Question: Answer] = [:]
        for command in commands {
            let frame = try frames.next()
            answers[.command(command)] = .command(CommandState(exitCode: frame.code, text: frame.text))
        }
        return answers
    }
}
