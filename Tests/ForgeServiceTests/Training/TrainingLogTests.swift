import Testing

@testable import ForgeService

@Suite("The log of a training")
struct TrainingLogTests {
    @Test(
        "ends with the scores, whatever was printed before and after them",
        arguments: [
            ("", nil), ("Training on 45 rows\n", nil),
            ("Training on 45 rows\nlda 0.692\nmlp -0.66\n", "lda 0.692, mlp -0.66"),
            ("old 0.1\nTraining\nlda 0.692\nmlp 0.66\nuploaded\ndone\n", "lda 0.692, mlp 0.66"),
        ] as [(String, String?)])
    func scores(log: String, scores: String?) { #expect(TrainingLog(log).scores == scores) }

    @Test("has its last twenty scores told")
    func bounded() {
        let log = (1...21).map { "m\($0) 0.5\n" }.joined()
        let last = (2...21).map { "m\($0) 0.5" }
        #expect(TrainingLog(log).scores == last.joined(separator: ", "))
    }
}
