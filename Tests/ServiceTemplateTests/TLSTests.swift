import Foundation
import Testing

@Suite("Where TLS is spoken")
struct TLSTests {
    let service: ServiceScript
    let directory: TemporaryDirectory

    init() async throws {
        service = try await ServiceScript()
        directory = try TemporaryDirectory()
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
            try service.said(script, files) == """
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
        try directory.write("text", "no PEM")
        let cases: [([String: String], String)] = [
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
                "\(place)/text and \(place)/tls.key: are not a certificate and its key in PEM: "
            ),
        ]
        for (environment, reason) in cases {
            try service.refuses(environment, reason)
        }
    }

    private func certificate() throws {
        _ = try LocalProgram.succeeded([
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days",
            "2", "-subj", "/CN=service", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout",
            (directory / "tls.key").path, "-out", (directory / "tls.crt").path,
        ])
    }
}
