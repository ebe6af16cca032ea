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

    @Test("cannot be judged by a golden.json without features")
    func noFeatures() {
        let text = #"{"score": {"lda": 1}, "rows": [{"line": 0}]}"#
        #expect(throws: Problem.self) { try ForgeService.ExpectedAnswers(Array(text.utf8), path: "golden.json") }
    }
}
