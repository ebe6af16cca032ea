import Testing

/// A trait that runs the service over a training while a suite's tests run, once for all of them.
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
