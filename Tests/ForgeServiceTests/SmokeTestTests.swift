import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeTestSupport
import Synchronization
import Testing

@testable import ForgeService

/// A release with 30 rows of two features; what it answers can be bent.
private enum Small {
    static let golden = """
        {"classes": 3, "features": ["Cz/theta", "Cz/alpha"], "score": {"lda": 0.8692307692307693, "mlp": 0.5}, "rows": [
        \((0..<30).map(row).joined(separator: ",\n"))
        ]}
        """

    private static func row(_ line: Int) -> String {
        let name = #"{"number": \#(line % 3), "letter": "\#(["A", "B", "C"][line % 3])"}"#
        return #"{"line": \#(line), "truth": \#(name), "lda": \#(name), "mlp": {"number": 0, "letter": "A"}}"#
    }

    /// The right answer of the service, as it prints it.
    static func answer(_ path: String) -> (status: Int, body: String) {
        let parts = path.split(separator: "/").map(String.init)
        guard let row = parts.dropFirst().first.flatMap({ Int($0) }) else {
            return path == "/score"
                ? (200, #"{"lda":0.8692307692307693,"mlp":0.5}"#) : (400, #"{"error":"not a row"}"#)
        }
        if row >= 30 { return (404, #"{"error":"row \#(row) does not exist"}"#) }
        let name = #"{"number":\#(row % 3),"letter":"\#(["A", "B", "C"][row % 3])"}"#
        return parts[0] == "line"
            ? (
                200,
                #"{"line":\#(row),"number":\#(row % 3),"letter":"\#(["A", "B", "C"][row % 3])","features":{"Cz/theta":\#(row).5,"Cz/alpha":-1e-3}}"#
            )
            : (200, #"{"line":\#(row),"lda":\#(name),"mlp":{"number":0,"letter":"A"}}"#)
    }

    static let csv = (0..<30).map { "\($0),\($0 % 3),\($0).50, -0.001" }

    static let deployment =
        #"{"kind":"Deployment","metadata":{"name":"inference"},"spec":{"template":{"spec":{"containers":[{"image":"docker.io/library/inference:0123456789abcdef"}]}}}}"#
    static let pods = #"{"items":[\#(pod("inference-b", "10.244.1.7")),\#(pod("inference-a", "10.244.0.5"))]}"#

    static func pod(_ name: String, _ address: String, ready: String = "True") -> String {
        #"{"kind":"Pod","metadata":{"name":"\#(name)"},"spec":{"containers":[{"image":"i","ports":[{"containerPort":8080}]}]},"status":{"phase":"Running","podIP":"\#(address)","conditions":[{"type":"Ready","status":"\#(ready)"}]}}"#
    }

    static let exposure =
        #"{"kind":"Service","metadata":{"name":"inference"},"spec":{"type":"NodePort","clusterIP":"10.96.1.2","ports":[{"port":80,"nodePort":31000}]}}"#
}

/// A control plane whose service answers as the closure says; `pod` bends the answers of single addresses.
private func controlPlane(
    sign: CommandState = CommandState(text: "ok"), deployment: CommandState = CommandState(text: Small.deployment),
    golden: CommandState = CommandState(text: Small.golden), pods: String = Small.pods, hasRows: Bool = true,
    _ answer: @escaping @Sendable (String) -> (status: Int, body: String) = Small.answer,
    at pod: @escaping @Sendable (_ address: String, _ path: String) -> (status: Int, body: String)? = { _, _ in nil }
) -> ScriptedTransport {
    ScriptedTransport { command in
        let script = command.inputText
        if script.contains("get deployment") {
            return Output(answering: sign, deployment, CommandState(text: Small.exposure), golden, CommandState(text: pods))
        }
        if script.contains("test.csv") {
            let lines = script.matches(of: /(\d+)p/).compactMap { Int($0.1) }.sorted().map { Small.csv[$0 - 2] }
            return Output(answering: CommandState(exitCode: hasRows ? 0 : 1, text: hasRows ? lines.joined(separator: "\n") : ""))
        }
        return Output(
            asked(in: script).map { asked in
                framed(asked.answer { path in pod(asked.address, path) ?? answer(path) })
            }.joined())
    }
}

/// A request of a script of curls.
private struct Asked {
    let address: String
    let path: String
    let body: String?

    /// Rows of features are known by their first one; the answer to them is made of the answers to their numbers.
    func answer(_ answer: (String) -> (status: Int, body: String)) -> (status: Int, body: String) {
        let rows = body.flatMap { JSONValue(Array($0.utf8)) }?["rows"]?.elements.map(\.elements) ?? []
        if rows.isEmpty || rows.contains(where: { $0.count != 2 }) { return answer(path) }
        let answers = rows.map { row in answer("/prediction/\(Int(Double(row[0].description)!))") }
        if let failed = answers.first(where: { $0.status != 200 }) { return failed }
        return (200, "{\"predictions\":[\(answers.map { $0.body.replacing(/"line":\d+,/, with: "") }.joined(separator: ","))]}")
    }
}

/// What a script of curls asks for, in order.
private func asked(in script: String) -> [Asked] {
    script.matches(of: /(?m)^ask .*?http:\/\/([0-9.:]+)(\/\S*)(?: <<'end of body'\n(.*)\nend of body)?$/).map {
        Asked(address: String($0.1), path: String($0.2), body: $0.3.map(String.init))
    }
}

private func framed(_ answer: (status: Int, body: String)) -> String {
    "\(answer.status) 0.0021 \(answer.body.utf8.count)\n\(answer.body)\n"
}

private final class Notes: Reporter {
    private let kept = Mutex<[String]>([])

    private let counted = Mutex<[ConfusionMatrix]>([])

    var all: [String] { kept.withLock { $0 } }

    var matrices: [ConfusionMatrix] { counted.withLock { $0 } }

    func report(_ event: Event) {
        if case .note(let text) = event { kept.withLock { $0.append(text) } }
        if case .confusion(let matrix) = event { counted.withLock { $0.append(matrix) } }
    }
}

@Suite("The smoke test")
struct SmokeTestTests {
    private let test = SmokeTest(cluster: Example.cluster())

    @Test("passes when every answer is that of the training pipeline")
    func passes() async throws {
        let notes = Notes()
        let host = controlPlane()
        let result = try await test.run(controlPlane: host, reporter: notes)
        #expect(result.checks.filter { !$0.isPassed } == [])
        #expect(result.isPassed)
        #expect(await host.commands.count == 3)
        #expect(
            result.checks.map(\.name).filter { !$0.hasPrefix("/line") || $0 == "/line/23" || $0 == "/line/abc" }.filter {
                !$0.hasPrefix("/prediction/") || $0.contains("23") || $0.contains("30")
            }
                == [
                    "/line/23", "/prediction/23", "POST /prediction, 21 rows", "/score", "/prediction/30", "/line/abc", "POST /prediction",
                    "/prediction/23 at kubmaster:31000",
                    "/prediction/23 at kubnode:31000",
                    "/prediction/23 at pod inference-a", "POST /prediction, 21 rows at pod inference-a",
                    "/prediction/23 at pod inference-b", "POST /prediction, 21 rows at pod inference-b",
                    "train/serve skew",
                ])
        #expect(result.checks.count == 54, "2 × 21 rows, POST, /score, 3 bad ones, 2 nodes, 2 × 2 at pods, skew")
        #expect(result.checks[0].milliseconds == 2.1)
        #expect(
            notes.all == [
                "docker.io/library/inference:0123456789abcdef is asked through its Service (http://10.96.1.2:80), and each of its 2 pods, from kubmaster: row 23 and 20 more of 30, seed 1"
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
                23, 19, 137, 161, 216, 284, 548, 565, 622, 690, 692, 739, 745, 835, 850, 1041, 1055, 1070, 1214, 1220, 1233,
            ])
        #expect(one.rows(21, below: 5, with: 4) == [4, 0, 1, 2, 3])
    }

    @Test("fails on one wrong class, and shows it")
    func wrongClass() async throws {
        let result = try await test.run(
            controlPlane: controlPlane { path in
                path == "/prediction/23"
                    ? (200, #"{"line":23,"lda":{"number":21,"letter":"U"},"mlp":{"number":0,"letter":"A"}}"#) : Small.answer(path)
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
            controlPlane: controlPlane { $0 == "/score" ? (200, #"{"lda":0.86923076923076931,"mlp":5e-1}"#) : Small.answer($0) },
            reporter: Silence())
        #expect(result.isPassed)
    }

    @Test("counts what this computer sees at the node ports, and a firewall as no fault of the service")
    func fromHere() async throws {
        let notes = Notes()
        let here = ScriptedTransport { command in
            let places = command.inputText.matches(of: /(?m)^ask .*http:\/\/([0-9.]+):/).map { String($0.1) }
            return Output(
                places.map { framed($0 == "10.77.0.11" ? Small.answer("/prediction/23") : (0, "curl: (28) Connection timed out")) }.joined()
            )
        }
        let result = try await test.run(controlPlane: controlPlane(), here: here, reporter: notes)
        #expect(result.isPassed)
        #expect(
            result.checks.map(\.name).suffix(2) == ["/prediction/23 at kubmaster:31000 from this computer", "train/serve skew"])
        #expect(notes.all.last == "not reached from this computer: http://10.77.0.12:31000 (a firewall between them?)")
    }

    @Test("asks as many rows as it is told, the first at each node and all at each pod, and sends the features of test.csv")
    func rows() async throws {
        let (notes, host) = (Notes(), controlPlane())
        let result = try await SmokeTest(cluster: Example.cluster(), seed: 7, rows: 2).run(controlPlane: host, reporter: notes)
        #expect(result.isPassed)
        #expect(notes.all[0].hasSuffix("row 23 and 2 more of 30, seed 7"))
        let requests = asked(in: try #require(await host.commands.last).inputText)
        #expect(requests.count == 17, "3 × 2 rows, POST, /score, 3 bad ones, 2 nodes, 2 × 2 at pods")
        let batch = try #require(requests.first { $0.body != nil }?.body)
        #expect(batch.hasPrefix(#"{"rows":[[23.5,-0.001],["#))
        #expect(requests.suffix(2).map(\.address) == ["10.244.1.7:8080", "10.244.1.7:8080"])
    }

    @Test("asks pods row by row where test.csv is gone")
    func withoutRows() async throws {
        let (notes, host) = (Notes(), controlPlane(hasRows: false))
        let result = try await SmokeTest(cluster: Example.cluster(), rows: 1).run(controlPlane: host, reporter: notes)
        #expect(result.isPassed)
        #expect(result.checks.map(\.name).filter { $0.hasSuffix("at pod inference-b") }.count == 2)
        #expect(
            notes.all.last
                == "features are neither compared nor sent: /var/lib/kubeforge/releases/0123456789abcdef/test.csv is missing")
    }

    @Test("does not ask a pod that is not ready, and says so")
    func silentPod() async throws {
        let notes = Notes()
        let pods = #"{"items":[\#(Small.pod("inference-a", "10.244.0.5")),\#(Small.pod("inference-b", "10.244.1.7", ready: "False"))]}"#
        let result = try await test.run(controlPlane: controlPlane(pods: pods), reporter: notes)
        #expect(result.isPassed)
        #expect(!result.checks.contains { $0.name.contains("inference-b") })
        #expect(notes.all.last == "not asked by itself: inference-b is not ready")
    }

    @Test("holds each model to the score that is asked for")
    func score() async throws {
        let strict = SmokeTest(cluster: Example.cluster(), minimumScore: 0.6)
        let result = try await strict.run(controlPlane: controlPlane(), reporter: Silence())
        #expect(
            result.checks.suffix(2) == [
                CheckReport(name: "score of lda", isPassed: true, expected: "0.6 or more", got: "0.8692", milliseconds: 0),
                CheckReport(name: "score of mlp", isPassed: false, expected: "0.6 or more", got: "0.5", milliseconds: 0),
            ])
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
                ConfusionMatrix(model: "lda", classes: ["A", "B", "C"], counts: [[10, 0, 0], [0, 10, 0], [0, 0, 10]]),
                ConfusionMatrix(model: "mlp", classes: ["A", "B", "C"], counts: [[10, 0, 0], [10, 0, 0], [10, 0, 0]]),
            ])
        #expect(notes.matrices.map { ($0.accuracy * 30).rounded() } == [30, 10])
    }

    @Test("says what to do when nobody knows the right answers")
    func withoutGolden() async throws {
        let error = await #expect(throws: Problem.self) {
            try await test.run(controlPlane: controlPlane(golden: CommandState(exitCode: 1)), reporter: Silence())
        }
        #expect(
            error?.description == """
                kubmaster: nobody knows what docker.io/library/inference:0123456789abcdef must answer
                  why  /var/lib/kubeforge/releases/0123456789abcdef/golden.json is missing
                  fix  run `kubeforge deploy`: it keeps the right answers of each release there
                """)
    }

    @Test("tells a cluster that is down from one without the service")
    func withoutAPI() async throws {
        let refused = "The connection to the server 10.77.0.11:6443 was refused - did you specify the right host or port?"
        let error = await #expect(throws: Problem.self) {
            try await test.run(controlPlane: controlPlane(sign: CommandState(exitCode: 1, text: refused)), reporter: Silence())
        }
        #expect(error?.what == "kubmaster: the cluster's API does not answer")
        #expect(error?.why == refused)
    }

    @Test("says what to do when nothing is deployed")
    func withoutService() async throws {
        let error = await #expect(throws: Problem.self) {
            try await test.run(controlPlane: controlPlane(deployment: CommandState(exitCode: 1)), reporter: Silence())
        }
        #expect(
            error?.description == """
                kubmaster: the cluster has no service inference in namespace mlops
                  fix  bring it there first: `kubeforge deploy`
                """)
    }
}

@Suite("Train/serve skew")
struct SkewTests {
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
                    name: "train/serve skew", isPassed: false, expected: "as in training on 30 rows",
                    got: "predictions differ from training on 67 % of rows: "
                        + "the service does not transform features as training did (lda 67 %)", milliseconds: 0))
    }

    @Test("is not what a service has that fails")
    func failing() async throws {
        for body in [(500, "boom"), (200, "[]"), (200, #"{"line":3,"lda":{},"mlp":{}}"#)] {
            let result = try await test.run(
                controlPlane: controlPlane { $0 == "/prediction/3" ? body : Self.skewed($0) }, reporter: Silence())
            #expect(!result.isPassed)
            #expect(!result.checks.contains { $0.name == "train/serve skew" })
        }
    }

    @Test("names the pod that alone answers otherwise")
    func onePod() async throws {
        let result = try await test.run(
            controlPlane: controlPlane(at: { address, path in address == "10.244.1.7:8080" ? Self.skewed(path) : nil }),
            reporter: Silence())
        #expect(
            result.checks.filter { !$0.isPassed }.map(\.name) == [
                "/prediction/23 at pod inference-b", "POST /prediction, 30 rows at pod inference-b", "train/serve skew",
            ])
        #expect(
            result.checks.last?.got
                == "predictions differ from training on 67 % of rows: inference-b does not run what the other pods run (lda 67 %)")
    }
}

@Suite("The script of requests")
struct RequestScriptTests {
    @Test("prints what was answered, and why nothing was")
    func prints() throws {
        // A port where nobody listens, and a file in place of a service: curl reads both.
        let script = RequestScript(requests: [
            ("http://127.0.0.1:1", ServiceRequest(path: "/score", expected: .refusal(400))),
            ("http://127.0.0.1:1", ServiceRequest(path: "/it's", body: #"{"rows":[["$(id)"]]}"#, expected: .refusal(400))),
        ])
        #expect(
            script.command.inputText.contains(
                #"""
                ask --header 'Content-Type: application/json' --data-binary @- 'http://127.0.0.1:1/it'\''s' <<'end of body'
                {"rows":[["$(id)"]]}
                end of body
                """#))
        let run = try LocalProgram("sh", "-s", input: Array(script.command.inputText.utf8))
        let replies = try #require(script.replies(from: Array(run.output.utf8)))
        #expect(replies.map(\.status) == [0, 0])
        #expect(String(decoding: replies[0].body, as: UTF8.self).hasPrefix("curl: (7) Failed to connect to 127.0.0.1 port 1"))
    }

    @Test("is not believed when it prints something else")
    func isNotBelieved() {
        let script = RequestScript(requests: [("http://h", ServiceRequest(path: "/", expected: .refusal(400)))])
        #expect(script.replies(from: Array("200 0.001 2\n{}\n".utf8))?.count == 1)
        #expect(script.replies(from: Array("200 0.001 9\n{}\n".utf8)) == nil)
        #expect(script.replies(from: Array("sh: curl: not found".utf8)) == nil)
    }
}
