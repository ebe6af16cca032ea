import Foundation
import Testing

/// A program that is run to its end, with all that it printed.
struct Program {
    let path: String
    let arguments: [String]
    let environment: [String: String]

    /// Output goes to files: a pipe that nobody empties would stop the program.
    func run() async throws -> Finished {
        let files = try (Scratch(), Scratch())
        let process = Process()
        process.executableURL = URL(filePath: path)
        process.arguments = arguments
        process.environment = environment
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = files.0.handle
        process.standardError = files.1.handle
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
            process.terminationHandler = { _ in continuation.resume() }
            do { try process.run() } catch { continuation.resume(throwing: error) }
        }
        return Finished(exitCode: process.terminationStatus, output: try files.0.take(), errors: try files.1.take())
    }

    /// Runs until it prints the text, and gets the signal then; what it had printed by its end.
    func signalled(_ signal: Int32, whenItPrints text: String) async throws -> Finished {
        let process = Process()
        let pipe = Pipe()
        process.executableURL = URL(filePath: path)
        process.arguments = arguments
        process.environment = environment
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = pipe
        process.standardError = FileHandle.nullDevice
        try process.run()
        return await withCheckedContinuation { continuation in
            DispatchQueue.global().async {
                var (seen, isSent) = (Data(), false)
                while case let chunk = pipe.fileHandleForReading.availableData, !chunk.isEmpty {
                    seen += chunk
                    if !isSent, String(decoding: seen, as: UTF8.self).contains(text) {
                        isSent = kill(process.processIdentifier, signal) == 0
                    }
                }
                process.waitUntilExit()
                let output = String(decoding: seen, as: UTF8.self)
                continuation.resume(
                    returning: Finished(exitCode: process.terminationStatus, output: output, errors: ""))
            }
        }
    }

    private struct Scratch {
        let url = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        let handle: FileHandle

        init() throws {
            try Data().write(to: url)
            handle = try FileHandle(forWritingTo: url)
        }

        func take() throws -> String {
            try handle.close()
            defer { try? FileManager.default.removeItem(at: url) }
            return String(decoding: try Data(contentsOf: url), as: UTF8.self)
        }
    }
}

/// A program that is watched while it runs.
final class RunningProgram: Sendable {
    /// What it prints on standard output, a line at a time, to its end.
    let lines: AsyncStream<String>
    private let child: Process
    private let all: Task<(output: String, errors: String), Never>

    var process: Int32 { child.processIdentifier }

    init(path: String, arguments: [String], environment: [String: String]) throws {
        child = Process()
        let pipes = (Pipe(), Pipe())
        child.executableURL = URL(filePath: path)
        child.arguments = arguments
        child.environment = environment
        child.standardInput = FileHandle.nullDevice
        child.standardOutput = pipes.0
        child.standardError = pipes.1
        try child.run()
        let (lines, continuation) = AsyncStream<String>.makeStream()
        self.lines = lines
        all = Task {
            async let errors = Self.read(pipes.1.fileHandleForReading) { _ in }
            let output = await Self.read(pipes.0.fileHandleForReading) { continuation.yield($0) }
            continuation.finish()
            return await (output, errors)
        }
    }

    func end() async -> Finished {
        let (output, errors) = await all.value
        child.waitUntilExit()
        let wasKilled = child.terminationReason == .uncaughtSignal
        return Finished(exitCode: child.terminationStatus + (wasKilled ? 128 : 0), output: output, errors: errors)
    }

    private static func read(_ handle: FileHandle, line: @escaping @Sendable (String) -> Void) async -> String {
        await withCheckedContinuation { continuation in
            DispatchQueue.global().async {
                var (all, rest) = (Data(), Data())
                while case let chunk = handle.availableData, !chunk.isEmpty {
                    all += chunk
                    rest += chunk
                    while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
                        line(String(decoding: rest[rest.startIndex..<end], as: UTF8.self))
                        rest = Data(rest[(end + 1)...])
                    }
                }
                continuation.resume(returning: String(decoding: all, as: UTF8.self))
            }
        }
    }
}

struct Finished: Sendable {
    let exitCode: Int32
    let output: String
    let errors: String

    var everything: String { "exit code \(exitCode)\n\(output)\n\(errors)" }

    /// The JSON lines of `--output json`; a line that is none is a failure of the contract.
    func events() throws -> [Line] {
        try output.split(separator: "\n").map { try JSONDecoder().decode(Line.self, from: Data($0.utf8)) }
    }

    /// Of one kind.
    func events(_ kind: String) throws -> [Line] { try events().filter { $0.event == kind } }

    /// What a program that reads the contract may rely on.
    struct Line: Decodable {
        let event: String
        let stage: String?
        let host: String?
        let title: String?
        let outcome: String?
        let differences: [String]?
        let name: String?
        let expected: String?
        let got: String?
        let changed: Int?
        let unchanged: Int?
        let failed: Int?
        let hosts: [String: Host]?
        let state: String?
        let kind: String?
        let schedule: String?
        let nextRun: String?
        let pod: String?
        let line: String?
        let what: String?
        let why: String?
        let fix: String?

        struct Host: Decodable {
            let changed: Int
            let unchanged: Int
            let failed: Int
            let roundTrips: Int
            let bytesSent: Int
        }
    }
}

/// Users who ask all the time while something happens to the service: one on a connection that it keeps, one on a new
/// connection each time.
struct Watch {
    let lab: TestLab

    /// How every request that began while `work` ran was answered: 200, or 000 for no answer.
    func statuses(during work: () async throws -> Void) async throws -> [String] {
        let url = "http://\(lab.inventory.address(of: "kubnode")):30080/prediction/[0-1299]?[1-100]"
        let asking = try ["Accept: */*", "Connection: close"].map { try Asking(url, header: $0) }
        do {
            try await work()
        } catch {
            for one in asking { _ = try? one.end() }
            throw error
        }
        return try asking.flatMap { try $0.end() }
    }

    private final class Asking {
        private let process = Process()
        private let file = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)

        init(_ url: String, header: String) throws {
            try Data().write(to: file)
            process.executableURL = URL(filePath: "/usr/bin/curl")
            process.arguments = [
                "--silent", "--rate", "40/s", "--max-time", "10", "--header", header, "--output", "/dev/null",
                // Standard error has no buffer that would be lost at the end.
                "--write-out", "%{stderr}%{http_code}\n", url,
            ]
            process.standardError = try FileHandle(forWritingTo: file)
            try process.run()
        }

        /// curl says nothing of the request that it is ended in.
        func end() throws -> [String] {
            kill(process.processIdentifier, SIGKILL)
            process.waitUntilExit()
            defer { try? FileManager.default.removeItem(at: file) }
            let lines = String(decoding: try Data(contentsOf: file), as: UTF8.self)
            return lines.split(separator: "\n").map(String.init)
        }
    }
}
