import ForgeCore

/// A host that a test plays. A command that the test has no output for is thrown, so that nothing unexpected passes;
/// so is one that needs a program which no package brings to a machine.
package actor ScriptedTransport: Transport {
    private let reply: @Sendable (Command) -> Output?
    /// Every command that was run, in order.
    package private(set) var commands: [Command] = []

    package init(_ reply: @escaping @Sendable (Command) -> Output?) { self.reply = reply }

    package var traffic: Traffic { Traffic(roundTrips: commands.count) }

    package func run(_ command: Command, onLine: @escaping @Sendable (OutputLine) -> Void) async throws -> Output {
        commands.append(command)
        if let complaint = KnownPrograms.complaint(about: command) {
            throw Problem(what: complaint, why: command.line + command.inputText)
        }
        guard let output = reply(command) else {
            throw Problem(what: "the test does not expect `\(command.line)`\n\(command.inputText)")
        }
        for (stream, text) in [(OutputLine.Stream.standardError, output.errorText), (.standardOutput, output.text)] {
            for line in text.split(whereSeparator: \.isNewline) {
                onLine(OutputLine(stream: stream, text: String(line)))
            }
        }
        return output
    }

    package func close() async {}
}

extension Command {
    /// What it reads, as text: a script, in most cases.
    package var inputText: String {
        switch input {
        case .none: ""
        case .bytes(let bytes), .secret(let bytes): String(decoding: bytes, as: UTF8.self)
        case .file(let path): "<file \(path)>"
        }
    }
}

extension Output {
    /// A program that ended well and printed this.
    package init(_ text: String) { self.init(standardOutput: Array(text.utf8)) }

    /// A program that failed.
    package static func failed(_ code: Int = 1, _ error: String) -> Output {
        Output(standardError: Array(error.utf8), exit: .code(code))
    }
}
