import Foundation
import Testing

@Suite("Where access is limited to tokens and origins")
struct TokenTests {
    let service: ServiceScript
    let directory: TemporaryDirectory

    init() async throws {
        service = try await ServiceScript()
        directory = try TemporaryDirectory()
    }

    @Test("only who has a token is answered, but for probes, and no answer tells one")
    func tokens() throws {
        try directory.write("tokens", "# of the web team\nfirst-token-of-all\nsecond-token-of-all\n")
        let script = #"""
            def status(path, value): return get(path, headers={"Authorization": value} if value else {}).status
            for value in ("", "Bearer first-token-of-all", "bearer second-token-of-all ", "Bearer first-token-of-al", \#
            "Basic first-token-of-all", "Bearer", "Bearer # of the web team"):
                print(*(status(path, value) for path in ("/prediction/7", "/metrics", "/nothing", "/healthz", \#
            "/readyz")))
            answer = get("/score"); print(answer.getheader("WWW-Authenticate"), answer.text, end="")
            answer = get("/score", headers={"Authorization": "Bearer first-token-of-al"}); print(answer.text, end="")
            answer = get("/", headers={"Accept": "text/html"}); print(answer.status, \#
            answer.getheader("Content-Type"), "lda" in answer.text, "type=\"password\"" in answer.text)
            answer = get("/", headers={"Accept": "text/html", "Authorization": "Bearer first-token-of-all"}); \#
            print(answer.status, "lda" in answer.text, "first-token" in answer.text)
            """#
        let said = try service.said(script, ["TOKENS_FILE": (directory / "tokens").path])
        #expect(
            said == """
                401 401 401 200 200
                200 200 404 200 200
                200 200 404 200 200
                401 401 401 200 200
                401 401 401 200 200
                401 401 401 200 200
                401 401 401 200 200
                Bearer {"error":"a token is required: send the header Authorization: Bearer TOKEN"}
                {"error":"this token is not valid"}
                401 text/html; charset=utf-8 False True
                200 True False

                """)
    }

    @Test("pages of the origins that are named may read answers, refusals among them, and no others")
    func origins() throws {
        try directory.write("tokens", "first-token-of-all\n")
        let script = #"""
            def allowed(origin, method="GET", **more):
                answer = get("/score", method, headers={"Origin": origin, **more})
                print(answer.status, answer.getheader("Access-Control-Allow-Origin"), \#
            answer.getheader("Access-Control-Allow-Headers"), answer.getheader("Vary"))
            preflight = {"Access-Control-Request-Method": "POST"}
            allowed("https://app.example"); allowed("https://app.example", "OPTIONS", **preflight); \#
            allowed("https://other.example", "OPTIONS", **preflight)
            allowed("https://app.example", Authorization="Bearer first-token-of-all"); \#
            allowed("https://other.example", Authorization="Bearer first-token-of-all")
            """#
        let said = try service.said(
            script,
            ["TOKENS_FILE": (directory / "tokens").path, "CORS_ORIGINS": "https://app.example/, https://b.example"])
        #expect(
            said == """
                401 https://app.example None Origin
                204 https://app.example Authorization, Content-Type, Content-Encoding, X-Request-Id Origin
                204 None None Origin
                200 https://app.example None Origin
                200 None None Origin

                """)
    }

    @Test("a file that cannot be used ends the service with one sentence")
    func files() throws {
        let place = directory.url.path
        for (name, content) in [("empty", "# nobody\n"), ("short", "first-token-of-all\nshort\n")] {
            try directory.write(name, content)
        }
        for (name, reason) in [
            ("none", "none: cannot be read: No such file or directory"),
            ("empty", "empty: has no tokens: write one per line"),
            ("short", "short:2: is not a token: a token has at least 16 ASCII characters and no spaces"),
        ] {
            try service.refuses(["TOKENS_FILE": "\(place)/\(name)"], "\(place)/\(reason)")
        }
    }
}
