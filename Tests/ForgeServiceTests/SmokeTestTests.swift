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
    static let exposure =
        #"{"kind":"Service","metadata":{"name":"inference"},"spec":{"type":"NodePort","clusterIP":"10.96.1.2","ports":[{"port":80,"nodePort":31000}]}}"#
}

/// A control plane whose service answers as the closure says.
private func controlPlane(
    sign: CommandState = CommandState(text: "ok"), deployment: CommandState = CommandState(text: Small.deployment),
    golden: CommandState = CommandState(text: Small.golden),
    _ answer: @escaping @Sendable (String) -> (status: Int, body: String) = Small.answer
) -> ScriptedTransport {
    ScriptedTransport { command in
        let script = command.inputText
        if script.contains("get deployment") {
            return Output(answering: sign, deployment, CommandState(text: Small.exposure), golden)
        }
        if script.contains("test.csv") {
            let lines = script.matches(of: /(\d+)p/).compactMap { Int($0.1) }.sorted().map { Small.csv[$0 - 2] }
            return Output(answering: CommandState(text: lines.joined(separator: "\n")))
        }
        return Output(curls(in: script).map { path in framed(answer(path)) }.joined())
    }
}

/// The paths that a script of curls asks for, in order.
private func curls(in script: String) -> [String] {
    script.matches(of: /(?m)^ask .*http:\/\/[0-9.:]+(\/\S*)$/).map { String($0.1) }
}

private func framed(_ answer: (status: Int, body: String)) -> String {
    "\(answer.status) 0.0021 \(answer.body.utf8.count)\n\(answer.body)\n"
}

private final class Notes: Reporter {
    private let kept = Mutex<[String]>([])

    var all: [String] { kept.withLock { $0 } }

    func report(_ event: Event) {
        if case .note(let text) = event { kept.withLock { $0.append(text) } }
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
                    "/line/23", "/prediction/23", "/score", "/prediction/30", "/line/abc", "POST /prediction",
                    "/prediction/23 at kubmaster:31000",
                    "/prediction/23 at kubnode:31000",
                ])
        #expect(result.checks.count == 2 * 21 + 4 + 2)
        #expect(result.checks[0].milliseconds == 2.1)
        #expect(
            notes.all == [
                "docker.io/library/inference:0123456789abcdef is asked through its Service (http://10.96.1.2:80) from kubmaster: row 23 and 20 more of 30, seed 1"
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
        let wrong = try #require(result.checks.first { !$0.isPassed })
        #expect(
            wrong
                == CheckReport(
                    name: "/prediction/23", isPassed: false, expected: #"lda.letter: "C", lda.number: 2"#,
                    got: #"lda.letter: "U", lda.number: 21"#, milliseconds: 2.1))
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
            result.checks.map(\.name).suffix(2) == [
                "/prediction/23 at kubnode:31000", "/prediction/23 at kubmaster:31000 from this computer",
            ])
        #expect(notes.all.last == "not reached from this computer: http://10.77.0.12:31000 (a firewall between them?)")
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
                #"ask --header 'Content-Type: application/json' --data '{"rows":[["$(id)"]]}' 'http://127.0.0.1:1/it'\''s'"#))
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
