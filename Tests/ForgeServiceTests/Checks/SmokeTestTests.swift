import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeTestSupport
import Synchronization
import Testing

@testable import ForgeService

@Suite("The smoke test")
struct SmokeTestTests {
    let test = SmokeTest(cluster: Example.cluster())

    @Test("passes when every answer is that of the training pipeline")
    func passes() async throws {
        let notes = Notes()
        let host = controlPlane()
        let result = try await test.run(controlPlane: host, reporter: notes)
        #expect(result.checks.filter { !$0.isPassed } == [])
        #expect(result.isPassed)
        #expect(await host.commands.count == 3)
        #expect(
            result.checks.map(\.name).filter { !$0.hasPrefix("/line") || $0 == "/line/23" || $0 == "/line/abc" }.filter
            {
                !$0.hasPrefix("/prediction/") || $0.contains("23") || $0.contains("30")
            }
                == [
                    "/line/23", "/prediction/23", "POST /prediction, 21 rows", "/score", "/prediction/30", "/line/abc",
                    "POST /prediction",
                    "/prediction/23 at kubmaster:31000",
                    "/prediction/23 at kubnode:31000",
                    "/prediction/23 at pod inference-a", "POST /prediction, 21 rows at pod inference-a",
                    "/prediction/23 at pod inference-b", "POST /prediction, 21 rows at pod inference-b",
                    "training-serving skew",
                ])
        #expect(result.checks.count == 54, "2 × 21 rows, POST, /score, 3 bad ones, 2 nodes, 2 × 2 at pods, skew")
        #expect(result.checks[0].milliseconds == 2.1)
        #expect(
            notes.all == [
                """
                10.77.0.11:5443/mlops/inference:0123456789abcdef is queried through its Service (http://10.96.1.2:80), \
                and each of its 2 pods, from kubmaster: row 23 and 20 more of 30, seed 1
                """
            ])
    }

    @Test("asks the same rows for the same seed, others for another, and each row once")
    func seeds() {
        var (one, same, other) = (SeededNumbers(seed: 1), SeededNumbers(seed: 1), SeededNumbers(seed: 2))
        let rows = one.rows(21, below: 1300, with: 23)
        #expect(rows == same.rows(21, below: 1300, with: 23))
        #expect(rows != other.rows(21, below: 1300, with: 23))
        #expect(
            rows == [
                23, 19, 137, 161, 216, 284, 548, 565, 622, 690, 692, 739, 745, 835, 850, 1041, 1055, 1070, 1214, 1220,
                1233,
            ])
        #expect(one.rows(21, below: 5, with: 4) == [4, 0, 1, 2, 3])
    }

    @Test("fails on one wrong class, and shows it")
    func wrongClass() async throws {
        let result = try await test.run(
            controlPlane: controlPlane { path in
                path == "/prediction/23"
                    ? (200, #"{"line":23,"lda":{"number":21,"letter":"U"},"mlp":{"number":0,"letter":"A"}}"#)
                    : Small.answer(path)
            }, reporter: Silence())
        #expect(!result.isPassed)
        let wrong = result.checks.filter { !$0.isPassed }
        #expect(
            wrong.first
                == CheckReport(
                    name: "/prediction/23", isPassed: false, expected: #"lda.letter: "C", lda.number: 2"#,
                    got: #"lda.letter: "U", lda.number: 21"#, milliseconds: 2.1))
        #expect(
            wrong.dropFirst().first
                == CheckReport(
                    name: "POST /prediction, 21 rows", isPassed: false,
                    expected: #"predictions[0].lda.letter: "C", predictions[0].lda.number: 2"#,
                    got: #"predictions[0].lda.letter: "U", predictions[0].lda.number: 21"#, milliseconds: 2.1))
    }

    @Test(
        "fails on an answer that is not right",
        arguments: [
            ("/score", 200, #"{"lda":0.87,"mlp":0.5}"#, "lda: 0.8692307692307693", "lda: 0.87"),
            ("/score", 200, #"{"lda":0.8692307692307693}"#, "mlp: 0.5", "mlp: nothing"),
            (
                "/score", 200, #"{"lda":0.8692307692307693,"mlp":0.5,"features":{}}"#, "features: nothing",
                "features: {}"
            ),
            ("/score", 200, "[1]", #"{"lda":0.8692307692307693,"mlp":0.5}"#, "[1]"),
            ("/score", 500, "Internal\nServer Error", "200 lda 0.8692, mlp 0.5", "500 Internal Server Error"),
            (
                "/score", 0, "curl: (7) Failed to connect", "200 lda 0.8692, mlp 0.5",
                "no answer: curl: (7) Failed to connect"
            ),
            (
                "/line/23", 200, #"{"line":23,"number":2,"letter":"C","features":{"Cz/theta":23.5,"Cz/alpha":-0.002}}"#,
                "features.Cz/alpha: -0.001", "features.Cz/alpha: -0.002"
            ),
            ("/prediction/30", 500, #"{"error":"boom"}"#, "404 with a reason", "500 boom"),
            ("/prediction/30", 404, "<html>", "404 with a reason", "404 <html>"),
            ("/line/abc", 200, "{}", "400 with a reason", "200 {}"),
        ])
    func wrongAnswers(path: String, status: Int, body: String, expected: String, got: String) async throws {
        let result = try await test.run(
            controlPlane: controlPlane { $0 == path ? (status, body) : Small.answer($0) }, reporter: Silence())
        let wrong = result.checks.filter { !$0.isPassed }
        #expect(wrong.map(\.expected) == [expected])
        #expect(wrong.map(\.got) == [got])
    }

    @Test("takes two ways to print a number for the same")
    func tolerance() async throws {
        let result = try await test.run(
            controlPlane: controlPlane {
                $0 == "/score" ? (200, #"{"lda":0.86923076923076931,"mlp":5e-1}"#) : Small.answer($0)
            },
            reporter: Silence())
        #expect(result.isPassed)
    }

    @Test(
        "takes no other number for the same: the ninth digit counts",
        arguments: [("0.5000000009", true), ("0.5000000011", false)])
    func digits(score: String, isPassed: Bool) async throws {
        let result = try await test.run(
            controlPlane: controlPlane { path in
                path == "/score" ? (200, "{\"lda\":0.8692307692307693,\"mlp\":\(score)}") : Small.answer(path)
            },
            reporter: Silence())
        #expect(result.isPassed == isPassed)
    }

    @Test("begins with the last row where there are fewer than 24")
    func fewRows() async throws {
        let notes = Notes()
        _ = try await test.run(controlPlane: controlPlane(golden: CommandState(text: Small.few)), reporter: notes)
        #expect(notes.all[0].hasSuffix("row 4 and 4 more of 5, seed 1"))
    }

    @Test("asks as many rows as it is told, the first at each node and all at each pod, and sends their features")
    func rows() async throws {
        let (notes, host) = (Notes(), controlPlane())
        let result = try await SmokeTest(cluster: Example.cluster(), seed: 7, rows: 2).run(
            controlPlane: host, reporter: notes)
        #expect(result.isPassed)
        #expect(notes.all[0].hasSuffix("row 23 and 2 more of 30, seed 7"))
        let requests = asked(in: try #require(await host.commands.last).inputText)
        #expect(requests.count == 17, "3 × 2 rows, POST, /score, 3 bad ones, 2 nodes, 2 × 2 at pods")
        let batch = try #require(requests.first { $0.body != nil }?.body)
        #expect(batch.hasPrefix(#"{"rows":[[23.50,-0.001],["#))
        #expect(requests.suffix(2).map(\.address) == ["10.244.1.7:8080", "10.244.1.7:8080"])
    }

    @Test(
        "fails where a row of the test is not as the release's reader writes it, and says which",
        arguments: ["", "{", #"{"row": 23, "features": [1]}"#])
    func brokenRows(line: String) async throws {
        var rows = Small.rows
        rows[23] = line
        let result = try await test.run(controlPlane: controlPlane(rows: rows), reporter: Silence())
        #expect(
            result.checks.filter { !$0.isPassed } == [
                CheckReport(
                    name: "features of the test rows", isPassed: false, expected: "known, to be compared and sent",
                    got: "/var/lib/kubeforge/releases/0123456789abcdef/rows.jsonl does not have row 23", milliseconds: 0
                )
            ])
    }

    @Test("says of names that Unicode calls equal which they are")
    func equalNames() async throws {
        let golden = Small.golden.replacing("Cz/theta", with: "\u{C5}").replacing("Cz/alpha", with: "A\u{30A}")
        let problem = await #expect(throws: Problem.self) {
            try await test.run(controlPlane: controlPlane(golden: CommandState(text: golden)), reporter: Silence())
        }
        #expect(problem?.why?.contains("\u{C5}") == true, "\(problem?.description ?? "")")
    }

    @Test("asks a service that keeps its examples to itself by POST only, and sees that it gives none away")
    func privateExamples() async throws {
        let notes = Notes()
        let deployment = Small.deployment.replacing(
            #""image":"#, with: #""env":[{"name":"EXAMPLES","value":"private"}],"image":"#)
        let host = controlPlane(deployment: CommandState(text: deployment)) { path in
            path.hasPrefix("/line") ? (404, #"{"error":"no"}"#) : Small.answer(path)
        } at: { address, path in
            path == "/prediction/23" && address == "10.96.1.2:80" ? (404, #"{"error":"no"}"#) : nil
        }
        let result = try await SmokeTest(cluster: Example.cluster(), rows: 2).run(controlPlane: host, reporter: notes)
        let requests = asked(in: try #require(await host.commands.last).inputText)
        #expect(
            requests.filter { $0.body == nil }.map(\.path) == ["/score", "/line/23", "/prediction/23"],
            "only what must be refused, and the score")
        #expect(requests.filter { $0.body != nil }.map(\.path) == Array(repeating: "/prediction", count: 6))
        let refused = result.checks.filter { $0.name == "/line/23" || $0.name == "/prediction/23" }
        #expect(refused.map(\.expected) == Array(repeating: "404 with a reason", count: 2))
        #expect(refused.map(\.isPassed) == [true, true])
    }

    @Test("holds each model to the score that is asked for")
    func score() async throws {
        let strict = SmokeTest(cluster: Example.cluster(), minimumScore: 0.6)
        let result = try await strict.run(controlPlane: controlPlane(), reporter: Silence())
        #expect(
            result.checks.suffix(2) == [
                CheckReport(
                    name: "score of lda", isPassed: true, expected: "0.6 or more", got: "0.8692", milliseconds: 0),
                CheckReport(
                    name: "score of mlp", isPassed: false, expected: "0.6 or more", got: "0.5", milliseconds: 0),
            ])
        let fair = try await SmokeTest(cluster: Example.cluster(), minimumScore: 0.5).run(
            controlPlane: controlPlane(), reporter: Silence())
        #expect(fair.checks.suffix(2).map(\.isPassed) == [true, true])
        let silent = try await strict.run(
            controlPlane: controlPlane { $0 == "/score" ? (500, "boom") : Small.answer($0) }, reporter: Silence())
        #expect(silent.checks.suffix(2).map(\.got) == ["nothing", "nothing"])
        #expect(silent.checks.suffix(2).allSatisfy { !$0.isPassed })
    }

    @Test("counts from the right answers how each model meets the truth")
    func confusion() async throws {
        let notes = Notes()
        _ = try await test.run(controlPlane: controlPlane(), reporter: notes)
        #expect(
            notes.matrices == [
                ConfusionMatrix(
                    model: "lda", classes: ["A", "B", "C"], counts: [[10, 0, 0], [0, 10, 0], [0, 0, 10]]),
                ConfusionMatrix(
                    model: "mlp", classes: ["A", "B", "C"], counts: [[10, 0, 0], [10, 0, 0], [10, 0, 0]]),
            ])
        #expect(notes.matrices.map { ($0.accuracy * 30).rounded() } == [30, 10])
    }
}
