import ForgeTestSupport
import Foundation
import Glibc
import Testing

/// The built `kubeforge`, run as a person runs it.
enum Binary {
    struct Result: Sendable {
        var code: Int32
        var output: String
        var errors: String
    }

    /// Runs it with these arguments in the directory, with a home of its own and no other environment than `variables`.
    /// `through`: words of a program that runs it, whose last argument it becomes.
    static func run(
        _ arguments: [String] = [], through: [String] = [], in scene: Scene, _ variables: [String: String] = [:]
    ) async throws -> Result {
        let environment = environment(scene).merging(variables) { $1 }
        let (path, desk) = (try path.path(), desk(scene))
        // Beside Swift's own threads: this one waits.
        return try await withCheckedThrowingContinuation { done in
            Thread.detachNewThread {
                done.resume(
                    with: Swift.Result {
                        let program = try FinishedProgram.run(
                            through + [path] + arguments, in: desk, environment: environment)
                        return Result(
                            code: program.status, output: String(decoding: program.output, as: UTF8.self),
                            errors: String(decoding: program.errors, as: UTF8.self))
                    })
            }
        }
    }

    /// Its exit code, with a descriptor for its standard error. `meanwhile` is done while it runs.
    static func run(
        _ arguments: [String], in scene: Scene, _ variables: [String: String] = [:], errors: Int32,
        meanwhile: () async throws -> Void = {}
    ) async throws -> Int32 {
        let environment = environment(scene).merging(variables) { $1 }
        let nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC)
        defer { close(nowhere) }
        let program = try ChildProcess(
            [path.path()] + arguments, in: desk(scene), environment: environment, output: nowhere, errors: errors)
        do { try await meanwhile() } catch { Issue.record(error) }
        return await withCheckedContinuation { done in
            Thread.detachNewThread { done.resume(returning: program.wait()) }
        }
    }

    private static func environment(_ scene: Scene) -> [String: String] {
        ["HOME": scene.directory + "/home", "PATH": "/usr/bin:/bin"]
    }

    private static func desk(_ scene: Scene) -> URL { URL(filePath: scene.directory + "/desk") }

    /// Beside the test bundle.
    private static var path: URL {
        get throws {
            let own = try #require(
                CommandLine.arguments.first { $0.contains(".xctest") } ?? CommandLine.arguments.first)
            return URL(filePath: own).deletingLastPathComponent().appending(path: "kubeforge")
        }
    }
}

/// A terminal that nobody sees but a test.
final class PseudoTerminal: Sendable {
    /// What a program has instead of a terminal.
    let descriptor: Int32
    private let own: Int32

    init() throws {
        var (mine, programs): (Int32, Int32) = (-1, -1)
        let result = openpty(&mine, &programs, nil, nil, nil)
        try #require(result == 0)
        for end in [mine, programs] { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        (descriptor, own) = (programs, mine)
    }

    deinit {
        close(descriptor)
        close(own)
    }

    func resize(columns: UInt16, rows: UInt16) throws {
        var size = winsize()
        (size.ws_col, size.ws_row) = (columns, rows)
        let result = ioctl(own, UInt(TIOCSWINSZ), &size)
        try #require(result == 0)
    }

    /// All that was written until now, as the terminal gets it.
    func written() -> String {
        let end = Array("END".utf8)
        write(descriptor, end, end.count)
        var (bytes, piece) = ([UInt8](), [UInt8](repeating: 0, count: 4096))
        while !bytes.suffix(end.count).elementsEqual(end) {
            let count = read(own, &piece, piece.count)
            if count <= 0 { break }
            bytes += piece[..<count]
        }
        return String(decoding: bytes.dropLast(end.count), as: UTF8.self)
    }
}
