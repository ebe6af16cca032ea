import ForgeCore
import Foundation

/// The real `/bin/sh` of this computer, which gets a command's line as a host's login shell does.
enum LocalShell {
    /// Runs what a root login would run. Input and output must fit into a pipe.
    static func run(_ command: Command) throws -> Output {
        let process = Process()
        process.executableURL = URL(filePath: "/bin/sh")
        process.arguments = ["-c", command.remoteLine(user: "root")]
        let (input, output, errors) = (Pipe(), Pipe(), Pipe())
        (process.standardInput, process.standardOutput, process.standardError) = (input, output, errors)
        try process.run()
        try input.fileHandleForWriting.write(contentsOf: bytes(of: command.input))
        try input.fileHandleForWriting.close()
        let text = try output.fileHandleForReading.readToEnd() ?? Data()
        let complaints = try errors.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return Output(
            standardOutput: Array(text), standardError: Array(complaints), exit: .code(Int(process.terminationStatus)))
    }

    private static func bytes(of input: Command.Input) -> [UInt8] {
        switch input {
        case .none, .file: []
        case .bytes(let bytes), .secret(let bytes): bytes
        }
    }
}
