import Foundation
import Testing

/// The application of api.py, asked in a process of its own without a server: there a test may change its modules.
@Suite("The service's code")
struct ApplicationTests {
    let training: Training
    let python: Python

    init() async throws {
        training = try await Training.small.value
        python = try await Python.shared.value
    }

    @Test("that fails answers in JSON with the request's id, which its log has with the reason")
    func fault() throws {
        let said = try said(
            """
            import io, logging
            log = io.StringIO(); logging.getLogger("service").addHandler(logging.StreamHandler(log))
            def fail(*_): raise RuntimeError("out of order")
            models.Models.answers = fail
            for status, headers, text in (call("GET", "/prediction/7"), call("POST", "/prediction", b'{"rows": [[1, \
            2]]}'), call("GET", "/readyz")):
                number = json.loads(text)["request"]
                print(status, headers[b"content-type"].decode(), text.replace(number, "ID"), end="")
                print(number in log.getvalue(), "RuntimeError: out of order" in log.getvalue(), \
            headers[b"x-request-id"] == number.encode())
            """)
        let answer =
            #"""
            500 application/json {"error":"internal error (RuntimeError); see request ID in the service's \#
            log","request":"ID"}
            """#
        #expect(said == String(repeating: answer + "\nTrue True True\n", count: 3))
    }

    @Test("gives no row of the test set away where examples are private, and lists what there is")
    func privateExamples() throws {
        let said = try said(
            """
            for path in ("/line/7", "/prediction/7", "/score", "/readyz"): print(path, call("GET", path)[0])
            print(call("GET", "/line/7")[2], end="")
            print(call("POST", "/prediction", b'{"rows": [[10, 1]]}')[2], end="")
            print([path for path in ("/", "/openapi.json", "/v2/models/lda") if "10.125" in call("GET", path)[2]])
            """, ["EXAMPLES": "private"])
        #expect(
            said == """
                /line/7 404
                /prediction/7 404
                /score 200
                /readyz 200
                {"error":"GET /line/7: Not Found. Available: GET /, /score, /metrics, /openapi.json, /v2, /healthz, \
                /readyz; POST /prediction"}
                {"predictions":[{"lda":{"number":0,"letter":"A"},"mlp":{"number":0,"letter":"A"}}]}
                []

                """)
    }

    private func said(_ script: String, _ environment: [String: String] = [:]) throws -> String {
        let whole = """
            import api, asyncio, json, models
            app = api.create_app()
            def call(method, path, body=b""):
                sent = []
                async def receive(): return {"type": "http.request", "body": body, "more_body": False}
                async def send(message): sent.append(message)
                asyncio.run(app({"type": "http", "method": method, "path": path, "query_string": b"", "headers": []}, \
            receive, send))
                return sent[0]["status"], dict(sent[0]["headers"]), sent[1]["body"].decode()
            \(script)
            """
        return try LocalProgram.succeeded(
            [python.executable, "-c", whole], in: ServiceFiles.sources,
            environment: ["DATA_DIR": training.data.path, "MODELS_DIR": training.models.path].merging(environment) {
                $1
            })
    }
}
