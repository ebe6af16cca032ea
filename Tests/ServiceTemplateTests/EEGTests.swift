import Foundation
import Testing

@Suite(
    "On the EEG data the service", .enabled(if: ServiceFiles.eeg != nil, ServiceFiles.withoutEEG),
    .served(over: Training.eeg))
struct EEGTests {
    let service: RunningService
    let training: Training

    init() throws { (service, training) = try #require(Served.here) }

    @Test("takes row 23 for an A with both models, as it is")
    func row23() async throws {
        let answer = #"{"line":23,"lda":{"number":0,"letter":"A"},"mlp":{"number":0,"letter":"A"}}"#
        #expect(try await service.get("/prediction/23") == .init(200, answer))
        let line = try await service.get("/line/23")
        #expect(line.body.hasPrefix(#"{"line":23,"number":0,"letter":"A","features":{"Cz/theta":"#))
    }

    @Test("has the accuracy of normalised features: 0.692 and about 0.662")
    func score() async throws {
        let score = training.golden.score
        #expect(score["lda"] == 899.0 / 1300)
        #expect(abs(try #require(score["mlp"]) - 0.662) <= 0.02)
        #expect(try await service.get("/score") == .init(200, #"{"lda":\#(score["lda"]!),"mlp":\#(score["mlp"]!)}"#))
    }

    @Test("predicts all rows as the pipelines did in training")
    func rows() async throws {
        let expected = training.golden.rows.map { "{\($0.json)}" }.joined(separator: ",")
        #expect(
            try await service.post("/prediction", training.test.request(0..<1300))
                == .init(200, #"{"predictions":[\#(expected)]}"#))
    }
}
