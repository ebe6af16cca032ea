import Foundation
import Testing

@Suite("The service", .served(over: Training.generated))
struct ServiceTests {
    let service: RunningService
    let training: Training

    init() throws { (service, training) = try #require(Served.here) }

    @Test("shows a line of the test set with its letter and its features by name")
    func line() async throws {
        let features = zip(training.test.features, training.test.rows[23]).map { #""\#($0)":\#(json($1))"# }
        #expect(
            try await service.get("/line/23")
                == .init(200, #"{"line":23,"number":0,"letter":"A","features":{\#(features.joined(separator: ","))}}"#))
    }

    @Test(
        "predicts each line as the pipelines did in training", arguments: Array(stride(from: 0, through: 1299, by: 37)))
    func prediction(place: Int) async throws {
        let expected = #"{"line":\#(place),\#(training.golden.rows[place].json)}"#
        #expect(try await service.get("/prediction/\(place)") == .init(200, expected))
    }

    @Test("predicts the last line")
    func lastLine() async throws {
        let expected = #"{"line":1299,\#(training.golden.rows[1299].json)}"#
        #expect(try await service.get("/prediction/1299") == .init(200, expected))
    }

    @Test("knows the score that training measured")
    func score() async throws {
        let score = training.golden.score
        #expect(try await service.get("/score") == .init(200, #"{"lda":\#(score["lda"]!),"mlp":\#(score["mlp"]!)}"#))
    }

    @Test("predicts 1,300 posted rows in one request, in their order, as the pipelines did in training")
    func postedRows() async throws {
        let expected = training.golden.rows.map { "{\($0.json)}" }.joined(separator: ",")
        #expect(
            try await service.post("/prediction", training.test.request(0..<1300))
                == .init(200, #"{"predictions":[\#(expected)]}"#))
    }

    @Test("takes whole numbers and spaces in posted rows")
    func wholeNumbers() async throws {
        let row = Array(repeating: "1", count: 160).joined(separator: " , ")
        let answer = try await service.post("/prediction", #" { "rows" : [ [ \#(row) ] ] } "#)
        #expect(answer.status == 200)
    }

    @Test("is alive and ready", arguments: ["/healthz", "/readyz"])
    func probes(path: String) async throws {
        #expect(try await service.get(path) == .init(200, #"{"status":"ok"}"#))
    }

    @Test("has models that are good, but not so good that they could not be wrong", arguments: ["lda", "mlp"])
    func plausibleScore(model: String) throws {
        #expect((0.7...0.95).contains(try #require(training.golden.score[model])))
    }

    /// A number of the CSV file as the service writes it: 3 is 3.0, 0.10 is 0.1.
    private func json(_ number: String) -> String { Double(number).map { "\($0)" } ?? number }
}
