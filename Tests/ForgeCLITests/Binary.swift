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
        let process = Process()
        process.executableURL = try path
        process.arguments = arguments
        process.currentDirectoryURL = URL(filePath: scene.folder + "/desk")
        process.environment = ["HOME": scene.folder + "/home", "PATH": "/usr/bin:/bin"].merging(variables) { _, new in
            new
        }
        process.standardInput = FileHandle.nullDevice
        // Files, because a full pipe would stop a process that nobody reads from yet.
        let (output, errors) = (scene.folder + "/stdout", scene.folder + "/stderr")
        for path in [output, errors] { try scene.write("", to: path) }
        process.standardOutput = try FileHandle(forWritingTo: URL(filePath: output))
        process.standardError = try FileHandle(forWritingTo: URL(filePath: errors))
        await withCheckedContinuation { done in
            process.terminationHandler = { _ in done.resume() }
            do { try process.run() } catch { Issue.record(error) }
        }
        return Result(
            code: process.terminationReason == .exit ? process.terminationStatus : -process.terminationStatus,
            output: try String(contentsOfFile: output, encoding: .utf8),
            errors: try String(contentsOfFile: errors, encoding: .utf8))
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
