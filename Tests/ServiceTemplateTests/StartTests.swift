import Foundation
import Testing

@Suite("At its start the service")
struct StartTests {
    let folder: TemporaryFolder
    let models: URL
    let training: Training

    init() async throws {
        training = try await Training.small.value
        folder = try TemporaryFolder()
        models = folder / "models"
        try FileManager.default.copyItem(at: training.models, to: models)
    }

    @Test("reads models and data once, and needs their files no more")
    func once() async throws {
        let service = try await RunningService(data: training.data, models: models)
        defer { service.stop() }
        try FileManager.default.removeItem(at: models)
        #expect(try await service.get("/readyz") == .init(200, #"{"status":"ok"}"#))
        let expected = #"{"line":7,\#(training.golden.rows[7].json)}"#
        #expect(try await service.get("/prediction/7") == .init(200, expected))
    }

    @Test("is alive but not ready when it answers otherwise than training did")
    func wrongAnswer() async throws {
        let golden = models.appending(path: "golden.json")
        let text = try String(contentsOf: golden, encoding: .utf8)
        let right = #"{"line": 0, "truth": {"number": 0, "letter": "A"}, "lda": {"number": 0, "letter": "A"}"#
        let wrong = #"{"line": 0, "truth": {"number": 0, "letter": "A"}, "lda": {"number": 2, "letter": "C"}"#
        try #require(text.contains(right))
        try Data(text.replacing(right, with: wrong).utf8).write(to: golden)
        let service = try await RunningService(data: training.data, models: models)
        defer { service.stop() }
        let reason =
            "row 0: training answered {'lda': {'number': 2, 'letter': 'C'}, 'mlp': {'number': 0, 'letter': 'A'}}, "
            + "this service answers {'lda': {'number': 0, 'letter': 'A'}, 'mlp': {'number': 0, 'letter': 'A'}}"
        #expect(try await service.get("/readyz") == .init(503, #"{"error":"\#(reason)"}"#))
        #expect(try await service.get("/healthz") == .init(200, #"{"status":"ok"}"#))
    }

    @Test("ends with a reason when a model is missing")
    func missingModel() async throws {
        let model = models.appending(path: "mlp.joblib")
        try FileManager.default.removeItem(at: model)
        try await expectEnd(
            "\(model.path): cannot be loaded: FileNotFoundError: [Errno 2] No such file or directory: '\(model.path)'")
    }

    @Test("ends with a reason when a model is cut off")
    func truncatedModel() async throws {
        let model = models.appending(path: "lda.joblib")
        try Data(contentsOf: model).prefix(1000).write(to: model)
        try await expectEnd("\(model.path): cannot be loaded: ")
    }

    @Test("ends with a reason when models and test set do not belong together")
    func otherData() async throws {
        let data = folder / "data"
        try SmallData.write(to: data)
        let test = try String(contentsOf: data.appending(path: "test.csv"), encoding: .utf8)
        try Data(test.replacing("10.125", with: "10.25").utf8).write(to: data.appending(path: "test.csv"))
        try await expectEnd(
            "\(models.path)/golden.json: was made with another test.csv: train again", data: data)
    }

    @Test("ends with a reason when the test set is not there")
    func noData() async throws {
        try await expectEnd("\(folder.url.path)/test.csv: cannot be read: No such file or directory", data: folder.url)
    }

    private func expectEnd(_ reason: String, data: URL? = nil) async throws {
        let failure = await #expect(throws: Failed.self) {
            try await RunningService(data: data ?? training.data, models: models).stop()
        }
        let log = failure?.description ?? ""
        #expect(log.contains("the service cannot start: \(reason)"), "\(log)")
        #expect(!log.contains("Traceback"), "\(log)")
    }
}
