import Foundation

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

    /// Runs until it prints the text, and kills it then; what it had printed by then.
    func killed(whenItPrints text: String) async throws -> String {
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
                var seen = ""
                while case let chunk = pipe.fileHandleForReading.availableData, !chunk.isEmpty, !seen.contains(text) {
                    seen += String(decoding: chunk, as: UTF8.self)
                }
                kill(process.processIdentifier, SIGKILL)
                process.waitUntilExit()
                continuation.resume(returning: seen)
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

struct Finished: Sendable {
    let exitCode: Int32
    let output: String
    let errors: String

    var everything: String { "exit code \(exitCode)\n\(output)\n\(errors)" }

    /// The JSON lines of `--output json`; a line that is none is a failure of the contract.
    func events() throws -> [Line] {
        try output.split(separator: "\n").map { try JSONDecoder().decode(Line.self, from: Data($0.utf8)) }
    }

    /// What a program that reads the contract may rely on.
    struct Line: Decodable {
        let event: String
        let stage: String?
        let host: String?
        let title: String?
        let outcome: String?
        let name: String?
        let expected: String?
        let got: String?
        let changed: Int?
        let alreadySo: Int?
        let failed: Int?
        let hosts: [String: Host]?
        let what: String?
        let why: String?

        struct Host: Decodable {
            let changed: Int
            let alreadySo: Int
            let failed: Int
            let roundTrips: Int
            let bytesSent: Int
        }
    }
}
