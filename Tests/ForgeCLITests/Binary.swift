import ForgeTestSupport
import Foundation
import Testing

/// The built `kubeforge`, run as a person runs it.
enum Binary {
    struct Result: Sendable {
        var code: Int32
        var output: String
        var errors: String
    }

    /// Runs it with these arguments in the folder, with a home of its own and no other environment than `variables`.
    static func run(_ arguments: [String], in scene: Scene, _ variables: [String: String] = [:]) async throws -> Result
    {
        let environment = ["HOME": scene.folder + "/home", "PATH": "/usr/bin:/bin"].merging(variables) { $1 }
        let (path, desk) = (try path.path(), URL(filePath: scene.folder + "/desk"))
        // Beside Swift's own threads: this one waits.
        return try await withCheckedThrowingContinuation { done in
            Thread.detachNewThread {
                done.resume(
                    with: Swift.Result {
                        let program = try FinishedProgram.run([path] + arguments, in: desk, environment: environment)
                        return Result(
                            code: program.status, output: String(decoding: program.output, as: UTF8.self),
                            errors: String(decoding: program.errors, as: UTF8.self))
                    })
            }
        }
    }

    /// Beside the test bundle.
    private static var path: URL {
        get throws {
            let own = try #require(
                CommandLine.arguments.first { $0.contains(".xctest") } ?? CommandLine.arguments.first)
            return URL(filePath: own).deletingLastPathComponent().appending(path: "kubeforge")
        }
    }
}
