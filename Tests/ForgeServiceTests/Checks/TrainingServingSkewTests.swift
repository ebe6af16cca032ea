import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeTestSupport
import Synchronization
import Testing

@testable import ForgeService

@Suite("Train/serve skew")
struct TrainingServingSkewTests {
    private let test = SmokeTest(cluster: Example.cluster(), rows: 29)

    /// Says A for everything that is not an A.
    private static func skewed(_ path: String) -> (status: Int, body: String) {
        let right = Small.answer(path)
        guard path.hasPrefix("/prediction/") else { return right }
        return (right.status, right.body.replacing(/"number":[12],"letter":"[BC]"/, with: #""number":0,"letter":"A""#))
    }

    @Test("has a check of its own, with the share of rows, when everything answers 200")
    func share() async throws {
        let result = try await test.run(controlPlane: controlPlane(Self.skewed), reporter: Silence())
        #expect(
            result.checks.last
                == CheckReport(
                    name: "training-serving skew", isPassed: false, expected: "as in training on 30 rows",
                    got: "predictions differ from training on 67 % of rows: "
                        + "the service does not transform features as training did (lda 67 %)", milliseconds: 0))
    }

    @Test("is not what a service has that fails")
    func failing() async throws {
        for body in [(500, "boom"), (200, "[]"), (200, #"{"line":3,"lda":{},"mlp":{}}"#)] {
            let result = try await test.run(
                controlPlane: controlPlane { $0 == "/prediction/3" ? body : Self.skewed($0) }, reporter: Silence())
            #expect(!result.isPassed)
            #expect(!result.checks.contains { $0.name == "training-serving skew" })
        }
    }

    @Test("names the pod that alone answers otherwise")
    func onePod() async throws {
        let result = try await test.run(
            controlPlane: controlPlane(at: { address, path in address == "10.244.1.7:8080" ? Self.skewed(path) : nil }),
            reporter: Silence())
        #expect(
            result.checks.filter { !$0.isPassed }.map(\.name) == [
                "/prediction/23 at pod inference-b", "POST /prediction, 30 rows at pod inference-b",
                "training-serving skew",
            ])
        #expect(
            result.checks.last?.got
                == """
                predictions differ from training on 67 % of rows: inference-b does not run what the other pods run \
                (lda 67 %)
                """
        )
    }

    @Test(
        "is seen on whichever pod alone answers otherwise, the first as well as the last",
        arguments: ["10.244.0.5:8080", "10.244.1.7:8080"])
    func anyPod(wrong: String) async throws {
        let result = try await test.run(
            controlPlane: controlPlane(at: { address, path in address == wrong ? Self.skewed(path) : nil }),
            reporter: Silence())
        #expect(result.checks.last?.name == "training-serving skew")
        #expect(result.checks.last?.isPassed == false)
    }

    /// What came of rows that were sent together; the models answer a, and b where they are wrong.
    private static func check(
        rows: Int, _ models: [String], pod: String? = nil, isWrong: @escaping (_ row: Int, _ model: String) -> Bool
    ) throws -> AnswerCheck {
        func answer(_ row: Int?) -> String {
            let members = models.map { model in
                let isRight = row.map { !isWrong($0, model) } ?? true
                return "\"\(model)\":{\"class\":\"\(isRight ? "a" : "b")\"}"
            }
            return "{\(members.joined(separator: ","))}"
        }
        let names = models.map { "\"\($0)\"" }.joined(separator: ",")
        let lines = Array(repeating: answer(nil), count: rows).joined(separator: ",")
        let text = "{\"features\":[\"f\"],\"models\":[\(names)],\"score\":{},\"rows\":[\(lines)]}"
        let golden = try ForgeService.ExpectedAnswers(Array(text.utf8), path: "golden.json")
        let features = try #require(TestRow("[1]", count: 1))
        let all = Array(0..<rows)
        let known = Dictionary(uniqueKeysWithValues: all.map { ($0, features) })
        let request = try #require(ServiceRequest.batches(golden, rows: all, features: known).first)
        let said = all.map { answer($0) }.joined(separator: ",")
        let body = Array("{\"predictions\":[\(said)]}".utf8)
        return AnswerCheck(
            request: request, reply: ServiceReply(status: 200, body: body, milliseconds: 1), pod: pod)
    }

    @Test("names the models in order, each with its share of rows, however small or large")
    func shares() throws {
        let wrong = ["a": 300, "b": 150, "c": 3, "d": 1, "e": 0]
        let check = try Self.check(rows: 300, ["e", "d", "c", "b", "a"]) { row, model in row < wrong[model] ?? 0 }
        #expect(
            TrainingServingSkew([check])?.report.got == """
                predictions differ from training on 100 % of rows: the service does not transform features as \
                training did (a 100 %, b 50 %, c 1 %, d less than 1 %)
                """)
    }

    @Test("is none where a single row is answered as in training")
    func oneRow() throws {
        let check = try Self.check(rows: 1, ["a"]) { _, _ in false }
        #expect(
            TrainingServingSkew([check])?.report
                == CheckReport(
                    name: "training-serving skew", isPassed: true, expected: "as in training on 1 row",
                    got: "as in training on 1 row", milliseconds: 0))
    }

    @Test("names all pods that answer otherwise than the others, in order")
    func severalPods() throws {
        let checks = try ["e", "d", "c", "b", "a"].map { pod in
            try Self.check(rows: 2, ["m"], pod: pod) { row, _ in row == 0 && pod != "a" }
        }
        #expect(
            TrainingServingSkew(checks)?.report.got == """
                predictions differ from training on 50 % of rows: b, c, d, e do not run what the other pods run (m 50 %)
                """)
    }

    @Test("is not judged where fewer rows are answered than were sent")
    func fewerRows() throws {
        let check = try Self.check(rows: 2, ["m"]) { _, _ in false }
        let body = Array(#"{"predictions":[{"m":{"class":"b"}}]}"#.utf8)
        let short = AnswerCheck(
            request: check.request, reply: ServiceReply(status: 200, body: body, milliseconds: 1))
        #expect(TrainingServingSkew([short])?.report == nil)
    }

    @Test("cannot be judged by a golden.json without features")
    func noFeatures() {
        let text = #"{"score": {"lda": 1}, "rows": [{"line": 0}]}"#
        #expect(throws: Problem.self) { try ForgeService.ExpectedAnswers(Array(text.utf8), path: "golden.json") }
    }
}
