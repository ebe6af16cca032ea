import Foundation
import Testing

@Suite("Where access is limited")
struct AccessTests {
    let training: Training
    let python: Python
    let directory: TemporaryDirectory

    init() async throws {
        training = try await Training.small.value
        python = try await Python.shared.value
        directory = try TemporaryDirectory()
    }

    @Test("only who has a token is answered, but for probes, and no answer tells one")
    func tokens() throws {
        try Data("# of the web team\nfirst-token-of-all\nsecond-token-of-all\n".utf8).write(to: directory / "tokens")
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
        let said = try ServiceScript(training, python).said(script, ["TOKENS_FILE": (directory / "tokens").path])
        #expect(
            said == """
                401 401 401 200 200
                200 200 404 200 200
                200 200 404 200 200
                401 401 401 200 200
                401 401 401 200 200
                401 401 401 200 200
                401 401 401 200 200
                Bearer {"error":"a token is needed: send the header Authorization: Bearer TOKEN"}
                {"error":"this token is not known here"}
                401 text/html; charset=utf-8 False True
                200 True False

                """)
    }

    @Test("pages of the origins that are named may read answers, refusals among them, and no others")
    func origins() throws {
        try Data("first-token-of-all\n".utf8).write(to: directory / "tokens")
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
        let said = try ServiceScript(training, python).said(
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

    @Test("https is spoken with a certificate, also while 100 clients stall, and http on that port is closed at once")
    func tls() throws {
        try certificate()
        let script = #"""
            context = ssl.create_default_context(cafile=os.environ["TLS_CERTIFICATE_FILE"])
            stalled = [stall(b"\x16\x03\x01") for _ in range(100)]
            print(get("/readyz").text, end="")
            answer = get("/prediction", "POST", b'{"rows": [' + b",".join([b"[10, 1]"] * 2000) + b"]}"); \#
            print(answer.status, answer.text.count("lda"))
            print(get("/score").status)
            try: print(everything(stall(b"GET /score HTTP/1.1\r\nHost: x\r\n\r\n")))
            except ConnectionResetError: print(b"")
            print("Traceback" in "".join(log), stop())
            """#
        let files = [
            "TLS_CERTIFICATE_FILE": (directory / "tls.crt").path, "TLS_KEY_FILE": (directory / "tls.key").path,
        ]
        #expect(
            try ServiceScript(training, python).said(script, files) == """
                {"status":"ok"}
                200 2000
                200
                b''
                False 0

                """)
    }

    @Test("a file that cannot be used ends the service with one sentence")
    func files() throws {
        try certificate()
        let place = directory.url.path
        for (name, content) in [("empty", "# nobody\n"), ("short", "first-token-of-all\nshort\n"), ("text", "no PEM")] {
            try Data(content.utf8).write(to: directory / name)
        }
        let cases: [([String: String], String)] = [
            (["TOKENS_FILE": "\(place)/none"], "\(place)/none: cannot be read: No such file or directory"),
            (["TOKENS_FILE": "\(place)/empty"], "\(place)/empty: has no token: write one a line"),
            (
                ["TOKENS_FILE": "\(place)/short"],
                "\(place)/short:2: is no token: it needs 16 characters or more, ASCII and without spaces"
            ),
            (
                ["TLS_KEY_FILE": "\(place)/tls.key"],
                "TLS_CERTIFICATE_FILE and TLS_KEY_FILE belong together, and only one is set"
            ),
            (
                ["TLS_CERTIFICATE_FILE": "\(place)/none", "TLS_KEY_FILE": "\(place)/tls.key"],
                "\(place)/none: cannot be read: No such file or directory"
            ),
            (
                ["TLS_CERTIFICATE_FILE": "\(place)/text", "TLS_KEY_FILE": "\(place)/tls.key"],
                "\(place)/text and \(place)/tls.key: are no certificate and its key in PEM: "
            ),
        ]
        for (environment, reason) in cases {
            let program = try LocalProgram.run(
                [python.executable, "server.py", "--host", "127.0.0.1", "--port", "0"], in: ServiceFiles.sources,
                environment: environment.merging(
                    ["DATA_DIR": training.data.path, "MODELS_DIR": training.models.path]
                ) { $1 })
            #expect(program.status == 1)
            #expect(program.errors.hasPrefix("the service cannot start: \(reason)"), "\(program.errors)")
            #expect(program.errors.split(separator: "\n").count == 1, "\(program.errors)")
        }
    }

    private func certificate() throws {
        _ = try LocalProgram.succeeded([
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days",
            "2",
            "-subj", "/CN=service", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", (directory / "tls.key").path,
            "-out",
            (directory / "tls.crt").path,
        ])
    }
}
