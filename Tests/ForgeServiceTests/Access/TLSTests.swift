import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeTemplates
import ForgeTestSupport
import Foundation
import Testing

@testable import ForgeService

@Suite("The certificate of a service")
struct TLSTests {
    private func service(_ directory: TemporaryDirectory) throws -> Service {
        try TestCertificate.write("own", in: directory)
        return Service(tls: .init(certificatePath: directory.path("own.crt"), keyPath: directory.path("own.key")))
    }

    @Test("has a key that pods can use: one with a passphrase is refused")
    func badKey() async throws {
        try await TemporaryDirectory.during { directory in
            let service = try service(directory)
            let locked = try LocalProgram(
                "openssl", "pkey", "-in", directory.path("own.key"), "-aes256", "-passout", "pass:word")
            try directory.write("own.key", locked.output)
            let problem = #expect(throws: Problem.self) { try AccessSecret(Example.cluster(service: service)) }
            #expect(problem?.what == "\(directory.path("own.key")) holds no private key in PEM")
            #expect(problem?.fix == "correct service: tls: key: in inventory/lab.yaml")
        }
    }

    @Test("is one that clients believe today: one that has expired, or is not valid yet, is refused")
    func validity() async throws {
        try await TemporaryDirectory.during { directory in
            let cluster = Example.cluster(service: try service(directory))
            let now = UTCDate.now
            #expect(throws: Never.self) { try AccessSecret(cluster, at: now + 29 * 86_400) }
            let late = #expect(throws: Problem.self) { try AccessSecret(cluster, at: now + 31 * 86_400) }
            #expect(late?.kind == .invalidInventory)
            #expect(
                late?.what == "\(directory.path("own.crt")) expired on \(UTCDate.text(now + 30 * 86_400))")
            let early = #expect(throws: Problem.self) { try AccessSecret(cluster, at: now - 86_400) }
            #expect(early?.what.hasPrefix("\(directory.path("own.crt")) is not valid before 2") == true)
            #expect(early?.fix == "renew it, or name another: service: tls: certificate: in inventory/lab.yaml")
            #expect(UTCDate.text(1_795_252_323) == "2026-11-21 (UTC)")
        }
    }

    @Test("comes with its own key: another one is refused, and that of the authority behind it")
    func otherKey() async throws {
        try await TemporaryDirectory.during { directory in
            let service = try service(directory)
            try TestCertificate.write("other", in: directory)
            var wrong = service
            wrong.tls?.keyPath = directory.path("other.key")
            let problem = #expect(throws: Problem.self) { try AccessSecret(Example.cluster(service: wrong)) }
            #expect(problem?.what == "\(directory.path("other.key")) is not the key of \(directory.path("own.crt"))")
            #expect(problem?.fix?.hasPrefix("name the key that the certificate was requested with") == true)
            try directory.write("own.crt", try directory.text("other.crt") + directory.text("own.crt"))
            let order = #expect(throws: Problem.self) { try AccessSecret(Example.cluster(service: service)) }
            #expect(
                order?.why == "it belongs to certificate 2 of that file, and the service's own must be the first")
            #expect(order?.fix == "put the service's own certificate first, and those of its authority after it")
        }
    }

    @Test("is pinned by its own key, whatever stands behind it in its file")
    func chain() async throws {
        try await TemporaryDirectory.during { directory in
            for name in ["own", "authority"] { try TestCertificate.write(name, in: directory) }
            let own = try directory.text("own.crt")
            let alone = try #require(CertificateFile(pem: Array(own.utf8)))
            let chain = try #require(CertificateFile(pem: Array((own + directory.text("authority.crt")).utf8)))
            let pin = try #require(alone.pins.first)
            #expect(
                ServiceCredentials(certificate: chain).configuration() == "insecure\npinnedpubkey = \"sha256//\(pin)\"")
        }
    }

    @Test("is told of by the smoke test when it has expired")
    func expired() async throws {
        try await TemporaryDirectory.during { directory in
            try TestCertificate.write("own", in: directory)
            let file = try #require(CertificateFile(pem: Array(try directory.text("own.crt").utf8)))
            #expect(
                file.check(at: file.begins)
                    == CheckReport(
                        name: "certificate", isPassed: true, expected: "valid on \(UTCDate.text(file.begins))",
                        got: "valid until \(UTCDate.text(file.ends))", milliseconds: 0))
            #expect(file.check(at: file.ends).isPassed)
            #expect(!file.check(at: file.ends + 1).isPassed)
            #expect(file.check(at: file.begins - 1).got == "valid from \(UTCDate.text(file.begins))")
        }
    }

    /// A server of the host's own Python, with one certificate.
    private static let server = """
        import http.server, ssl, sys, threading
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self): self.send_response(200); self.send_header("Content-Length", "2"); self.end_headers(); \
        self.wfile.write(b"{}")
            def log_message(self, *_): pass
        server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER); context.load_cert_chain(sys.argv[1], sys.argv[2])
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        import subprocess
        script = open(sys.argv[3]).read().replace("PORT", str(server.server_port))
        sys.stdout.write(subprocess.run(["sh", "-s"], input=script, capture_output=True, text=True).stdout)
        """

    @Test(
        """
        is known by its key, whatever name and authority it has: the host's curl says so
        """)
    func pinned() async throws {
        try await TemporaryDirectory.during { directory in
            try TestCertificate.write("own", in: directory)
            try TestCertificate.write("other", kind: "rsa", in: directory)
            func asked(_ name: String) throws -> [ServiceReply] {
                let file = try #require(CertificateFile(pem: Array(try directory.text("own.crt").utf8)))
                let script = RequestScript(
                    requests: [("https://127.0.0.1:PORT", ServiceRequest(path: "/a", expected: .refusal(400)))],
                    credentials: ServiceCredentials(certificate: file))
                try directory.write("script", script.command.inputText)
                let run = try LocalProgram(
                    "python3", "-c", Self.server, directory.path("\(name).crt"), directory.path("\(name).key"),
                    directory.path("script"))
                return try #require(script.replies(from: Array(run.output.utf8)), "\(run.output)")
            }
            #expect(try asked("own").map(\.status) == [200])
            let other = try asked("other")[0]
            #expect(other.status == 0)
            #expect(String(decoding: other.body, as: UTF8.self).contains(AnswerCheck.otherKey))
            let check = AnswerCheck(request: ServiceRequest(path: "/a", expected: .refusal(400)), reply: other)
            #expect(!check.isUnreached, "it is no silence")
        }
    }
}
