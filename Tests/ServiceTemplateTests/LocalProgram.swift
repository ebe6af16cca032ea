import ForgeTestSupport
import Foundation

/// How a program of this computer is run to its end, with everything that it said.
struct LocalProgram {
    let status: Int32
    let output: String
    let errors: String

    /// Runs a program found in PATH; a test that expects success asks `.succeeded(_:)`.
    static func run(
        _ arguments: [String], input: Data = Data(), in directory: URL? = nil, environment: [String: String] = [:]
    ) throws -> LocalProgram {
        let program = try FinishedProgram.run(
            arguments, input: Array(input), in: directory, environment: surroundings(environment))
        return LocalProgram(
            status: program.status, output: String(decoding: program.output, as: UTF8.self),
            errors: String(decoding: program.errors, as: UTF8.self))
    }

    /// What the program printed, or an error with its command and last words.
    static func succeeded(
        _ arguments: [String], in directory: URL? = nil, environment: [String: String] = [:]
    ) throws -> String {
        let program = try run(arguments, in: directory, environment: environment)
        guard program.status == 0 else {
            throw Failed(
                """
                `\(arguments.joined(separator: " "))` ended with \(program.status):\n\(program.output)\(program.errors)
                """
            )
        }
        return program.output
    }

    /// The variables of this process, with nothing that would write bytecode beside the sources or turn the service.
    static func surroundings(_ more: [String: String]) -> [String: String] {
        var all = ProcessInfo.processInfo.environment
        for name in [
            "DATA_DIR", "MODELS_DIR", "MODEL_DIR", "TARGET", "INDEX", "CROSS_VALIDATE", "PYTHONPATH", "PYTHONHOME",
            "EXAMPLES", "LOG", "RELEASE", "TOKENS_FILE", "TLS_CERTIFICATE_FILE", "TLS_KEY_FILE", "CORS_ORIGINS",
        ] {
            all[name] = nil
        }
        all["PYTHONDONTWRITEBYTECODE"] = "1"
        return all.merging(more) { $1 }
    }
}

/// Why a test could not be made ready, or a program failed.
struct Failed: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}
