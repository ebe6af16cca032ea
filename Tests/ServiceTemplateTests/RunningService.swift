import ForgeTestSupport
import Foundation
import Testing

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// The real service behind the real server, on a port of 127.0.0.1 that the kernel chose.
///
/// A suite whose tests only ask shares one: `@Suite(…, .served(over: Training.small))`. A test that starts the service
/// in a way of its own, or watches its connections, log and end, has a `ServiceScript`.
struct RunningService {
    struct Answer: Equatable {
        let status: Int
        let body: String
        init(_ status: Int, _ body: String) { (self.status, self.body) = (status, body + "\n") }
    }

    private let process: ChildProcess
    /// `http://127.0.0.1:35849`
    let address: String
    private let session: URLSession

    /// Returns when the service listens; throws its last words if it ends instead.
    init(data: URL, models: URL) async throws {
        let python = try await Python.shared.value
        let log = Pipe()
        // `timeout`, so that a test run that is killed leaves nothing behind for ever.
        process = try ChildProcess(
            ["timeout", "600", python.executable, "server.py", "--host", "127.0.0.1", "--port", "0"],
            in: ServiceFiles.sources,
            environment: LocalProgram.surroundings(["DATA_DIR": data.path, "MODELS_DIR": models.path]),
            output: FileHandle.nullDevice.fileDescriptor, errors: log.fileHandleForWriting.fileDescriptor)
        try log.fileHandleForWriting.close()
        address = try Self.address(from: log.fileHandleForReading)
        let configuration = URLSessionConfiguration.ephemeral
        configuration.urlCache = nil
        session = URLSession(configuration: configuration)
    }

    /// Reads its log up to "Listening at: http://127.0.0.1:35849 (1925)", which comes when models and data are
    /// loaded and the port is open; the end of the log means that it gave up.
    private static func address(from log: FileHandle) throws -> String {
        var said = ""
        while true {
            let more = log.availableData
            if more.isEmpty { throw Failed(said) }
            said += String(decoding: more, as: UTF8.self)
            if let found = said.firstMatch(of: #/Listening at: (http://[0-9.:]+) /#) { return String(found.1) }
        }
    }

    func stop() {
        session.invalidateAndCancel()
        process.terminate()
        process.wait()
    }

    func get(_ path: String, method: String = "GET") async throws -> Answer {
        try await ask(path) { $0.httpMethod = method }
    }

    func post(_ path: String, _ body: Data) async throws -> Answer {
        try await ask(path) { request in
            request.httpMethod = "POST"
            request.httpBody = body
        }
    }

    func post(_ path: String, _ body: String) async throws -> Answer { try await post(path, Data(body.utf8)) }

    private func ask(_ path: String, _ change: (inout URLRequest) -> Void) async throws -> Answer {
        var request = URLRequest(url: try #require(URL(string: address + path)))
        change(&request)
        let (body, response) = try await session.data(for: request)
        let http = try #require(response as? HTTPURLResponse)
        try #require(http.value(forHTTPHeaderField: "Content-Type") == "application/json", "\(path)")
        var text = String(decoding: body, as: UTF8.self)
        try #require(text.popLast() == "\n", "\(path)")
        return Answer(http.statusCode, text)
    }
}

/// A trait that runs the service over a training while a suite's tests run, once for all of them, who find it in
/// `Served.here`.
struct Served: SuiteTrait, TestScoping {
    @TaskLocal static var here: (service: RunningService, training: Training)?

    let training: Task<Training, any Error>

    @concurrent func provideScope(
        for test: Test, testCase: Test.Case?, performing tests: @concurrent @Sendable () async throws -> Void
    ) async throws {
        let training = try await training.value
        let service = try await RunningService(data: training.data, models: training.models)
        defer { service.stop() }
        try await Self.$here.withValue((service, training), operation: tests)
    }
}

extension Trait where Self == Served {
    static func served(over training: Task<Training, any Error>) -> Self { Served(training: training) }
}
