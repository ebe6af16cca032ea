import ForgeTestSupport
import Foundation
import Testing

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// The real coordinator on a port that the kernel chose, and the directory in which it keeps what it gets.
struct RunningCoordinator {
    let address: String
    let directory: URL
    private let process: ChildProcess
    private let session = URLSession(configuration: .ephemeral)

    /// Runs the body beside a coordinator for the models of a training.
    static func during<Result>(
        _ arguments: [String], models: URL, data: URL? = nil, in directory: URL, environment: [String: String] = [:],
        python: Python? = nil, _ body: (RunningCoordinator) async throws -> Result
    ) async throws -> Result {
        let coordinator = try await RunningCoordinator(
            arguments, models: models, data: data, in: directory, environment, python)
        defer { coordinator.stop() }
        return try await body(coordinator)
    }

    private init(
        _ arguments: [String], models: URL, data: URL?, in directory: URL, _ environment: [String: String],
        _ python: Python?
    ) async throws {
        let shared = try await Python.shared.value
        let python = python ?? shared
        self.directory = directory
        let log = Pipe()
        process = try ChildProcess(
            ["timeout", "600", python.executable, "coordinator.py", "--port", "0", "--directory", directory.path]
                + arguments,
            in: ServiceFiles.sources,
            environment: LocalProgram.surroundings(
                ["MODELS_DIR": models.path, "MODEL_DIR": (data ?? models).path].merging(environment) { $1 }),
            output: log.fileHandleForWriting.fileDescriptor, errors: FileHandle.standardError.fileDescriptor)
        try log.fileHandleForWriting.close()
        var said = ""
        while !said.contains(" shards\n") {
            let more = log.fileHandleForReading.availableData
            if more.isEmpty { throw Failed("the coordinator ended: \(said)") }
            said += String(decoding: more, as: UTF8.self)
        }
        let port = try #require(said.firstMatch(of: /listening on port (\d+)/)).1
        address = "http://127.0.0.1:\(port)"
    }

    private func stop() {
        session.invalidateAndCancel()
        process.terminate()
        process.wait()
    }

    struct Answer: Equatable {
        let status: Int
        let text: String
        init(_ status: Int, _ text: String) { (self.status, self.text) = (status, text) }
    }

    func get(_ path: String) async throws -> Answer { try await ask("GET", path) }

    func put(_ path: String, _ body: String) async throws -> Answer { try await ask("PUT", path, Data(body.utf8)) }

    func ask(_ method: String, _ path: String, _ body: Data? = nil, _ authorization: String? = nil) async throws
        -> Answer
    {
        var request = URLRequest(url: try #require(URL(string: address + path)))
        request.httpMethod = method
        request.httpBody = body
        if let authorization { request.setValue(authorization, forHTTPHeaderField: "Authorization") }
        let (content, response) = try await session.data(for: request)
        return Answer(try #require(response as? HTTPURLResponse).statusCode, String(decoding: content, as: UTF8.self))
    }
}
