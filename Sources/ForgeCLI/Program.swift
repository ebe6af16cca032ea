import ArgumentParser
import ForgeCore
import Foundation

/// The whole program, from its arguments to its exit code. Nothing leaves it as an error.
package enum Program {
    /// `arguments` are those after the program's name. The exit code follows from the kind of the first problem.
    package static func run(_ arguments: [String]) async -> Int32 {
        do {
            var command = try Kubeforge.parseAsRoot(arguments)
            if var command = command as? any AsyncParsableCommand { try await command.run() } else { try command.run() }
            return 0
        } catch let code as ExitCode {
            return code.rawValue
        } catch let problem as Problem {
            return tell([problem])
        } catch let problems as Problems {
            return tell(problems.all)
        } catch {
            return tell(error)
        }
    }

    /// All of them; the first one's kind is the exit code.
    static func tell(_ problems: [Problem], on stream: TextStream = .descriptor(2)) -> Int32 {
        for problem in problems {
            stream.write(
                ProblemText(problem: problem.mapTexts { $0.withoutTokens.readable }).lines.map { $0 + "\n" }.joined())
        }
        return Problems(problems).exitCode
    }

    /// Help, the version, a usage error, or an error that nobody foresaw.
    private static func tell(_ error: any Error) -> Int32 {
        let code = Kubeforge.exitCode(for: error)
        let message = Kubeforge.fullMessage(for: error)
        // Help, completion scripts and what tools read are kubeforge's own, and longer than what others may say.
        TextStream.descriptor(code.isSuccess ? 1 : 2).write(
            (code.isSuccess ? message : message.withoutTokens.readable) + "\n")
        return code.rawValue
    }
}
