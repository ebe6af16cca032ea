import ForgeCore
import ForgeTestSupport

/// The real `/bin/sh` of this computer, which gets a command's line as a host's login shell does.
enum LocalShell {
    /// Runs what a root login would run.
    static func run(_ command: Command) throws -> Output {
        let program = try FinishedProgram.run(
            ["/bin/sh", "-c", command.remoteLine(user: "root")], input: bytes(of: command.input))
        return Output(
            standardOutput: program.output, standardError: program.errors, exit: .code(Int(program.status)))
    }

    private static func bytes(of input: Command.Input) -> [UInt8] {
        switch input {
        case .none, .file: []
        case .bytes(let bytes), .secret(let bytes): bytes
        }
    }
}
