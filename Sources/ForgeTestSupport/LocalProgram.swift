import ForgeCore
import Subprocess

/// A program of this computer that a test needs.
package enum LocalProgram {
    /// Its standard output; a failure is a `Problem` with what it said.
    @discardableResult
    package static func run(_ name: String, _ arguments: [String], environment: [String: String] = [:]) async throws
        -> String
    {
        let result = try await Subprocess.run(
            .name(name), arguments: Arguments(arguments), environment: .inherit.updating(Self.keyed(environment)),
            output: .string(limit: 1 << 20), error: .string(limit: 1 << 20))
        guard result.terminationStatus.isSuccess else {
            throw Problem(what: "`\(name) \(arguments.joined(separator: " "))` failed", why: result.standardError)
        }
        return result.standardOutput
    }

    /// Runs the body beside a program, which is ended with TERM afterwards.
    ///
    /// Not Foundation's `Process`: its children inherit the pipes of others, which then never end.
    package static func running<Result: Sendable>(
        _ path: String, _ arguments: [String], _ body: (ProcessID) async throws -> Result
    )
        async throws -> Result
    {
        let result = try await Subprocess.run(
            .name("env"), arguments: Arguments([path] + arguments), input: .none, output: .discarded, error: .discarded
        ) { execution in
            let result: Swift.Result<Result, any Error>
            do { result = .success(try await body(execution.processIdentifier.value)) } catch {
                result = .failure(error)
            }
            try? execution.send(signal: .terminate)
            return result
        }
        return try result.closureResult.get()
    }

    package typealias ProcessID = Int32

    private static func keyed(_ variables: [String: String]) -> [Environment.Key: String?] {
        Dictionary(uniqueKeysWithValues: variables.map { (Environment.Key(stringLiteral: $0.key), $0.value) })
    }
}
