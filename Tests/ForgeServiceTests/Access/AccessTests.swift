import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeTemplates
import ForgeTestSupport
import Foundation
import Testing
import Yams

@testable import ForgeService

@Suite("Who may ask a service")
struct AccessTests {
    private static let token = String(repeating: "0a", count: 16)
    private static let second = String(repeating: "1b", count: 16)

    private func service(_ directory: TemporaryDirectory, tokens: String? = "# ours\n\n\(token)\n\(second)\n") throws
        -> Service
    {
        try TestCertificate.write("own", in: directory)
        var service = Service(requestLog: .requests, cors: ["https://a.example.org", "http://localhost:3000"])
        service.tls = .init(certificatePath: directory.path("own.crt"), keyPath: directory.path("own.key"))
        service.tokensPath = try tokens.map { try directory.write("tokens", $0) }
        return service
    }

    @Test("is known to the cluster by a Secret that is named by its content, and sent as one")
    func secret() async throws {
        try await TemporaryDirectory.during { directory in
            let secret = try #require(try AccessSecret(Example.cluster(service: service(directory))))
            #expect(secret.name.hasPrefix("inference-access-"))
            let transport = ScriptedTransport { _ in Output("") }
            try await secret.apply(to: Machine(host: Example.master, transport: transport))
            let command = try #require(await transport.commands.first)
            guard case .secret = command.input else { throw Problem(what: "it is not sent as a secret") }
            let data = try #require(try Yams.compose(yaml: command.inputText))["data"]
            func text(_ name: String) -> String? {
                data?[name]?.string.flatMap { Data(base64Encoded: $0) }.map { String(decoding: $0, as: UTF8.self) }
            }
            #expect(text("tokens") == "\(Self.token)\n\(Self.second)\n")
            #expect(text("tls.crt")?.hasPrefix("-----BEGIN CERTIFICATE") == true)
            #expect(text("tls.key")?.contains("PRIVATE KEY") == true)
            #expect(!command.line.contains(Self.token))
            // Another token is another Secret.
            let other = try AccessSecret(Example.cluster(service: service(directory, tokens: Self.token)))
            #expect(other?.name != secret.name)
            #expect(try AccessSecret(Example.cluster())?.name == nil)
        }
    }

    @Test(
        "is told what is wrong with a file, and never what a token is",
        arguments: [
            ("", "holds no token"), ("# none\n", "holds no token"), ("short\n", ": token 1 cannot be used"),
            ("\(token)\n\(second) x\n", ": token 2 cannot be used"),
        ])
    func badTokens(tokens: String, what: String) async throws {
        try await TemporaryDirectory.during { directory in
            let cluster = Example.cluster(service: try service(directory, tokens: tokens))
            let problem = #expect(throws: Problem.self) { try AccessSecret(cluster) }
            #expect(problem?.what == directory.path("tokens") + (what.hasPrefix(":") ? what : " " + what))
            #expect(problem?.kind == .invalidInventory)
            #expect(problem?.description.contains(Self.second) == false)
            #expect(
                problem?.fix
                    == "`openssl rand -hex 32 >> \(directory.path("tokens"))`; service: tokens: in inventory/lab.yaml")
        }
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

    @Test("has a certificate that clients believe today: one that has expired, or is not valid yet, is refused")
    func validity() async throws {
        try await TemporaryDirectory.during { directory in
            let cluster = Example.cluster(service: try service(directory))
            let now = UTCDate.now
            #expect(throws: Never.self) { try AccessSecret(cluster, at: now + 29 * 86_400) }
            let late = #expect(throws: Problem.self) { try AccessSecret(cluster, at: now + 31 * 86_400) }
            #expect(late?.kind == .invalidInventory)
            #expect(
                late?.what == "\(directory.path("own.crt")) has expired on \(UTCDate.text(now + 30 * 86_400))")
            let early = #expect(throws: Problem.self) { try AccessSecret(cluster, at: now - 86_400) }
            #expect(early?.what.hasPrefix("\(directory.path("own.crt")) is not valid before 2") == true)
            #expect(early?.fix == "renew it, or name another: service: tls: certificate: in inventory/lab.yaml")
            #expect(UTCDate.text(1_795_252_323) == "2026-11-21 (UTC)")
        }
    }

    @Test("has the key of its certificate: another one is refused, and that of the authority behind it")
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
            #expect(order?.fix == "put the service's own certificate first, and those of its authority behind it")
        }
    }

    @Test("reaches pods as the server reads it, and probes speak as it does")
    func deployment() async throws {
        try await TemporaryDirectory.during { directory in
            let files = try Manifests.make(
                cluster: Example.cluster(service: service(directory)), release: Example.release,
                access: "inference-access-1",
                templates: Templates()
            ).files
            let file = try #require(files.first { $0.path.hasSuffix("/deployment.yaml") })
            let text = String(decoding: file.content, as: UTF8.self)
            let pod = try #require(try Yams.compose(yaml: text))["spec"]?["template"]?["spec"]
            let container = pod?["containers"]?[0]
            let env = container?["env"]?.sequence?.map { "\($0["name"]?.string ?? "")=\($0["value"]?.string ?? "")" }
            #expect(
                env == [
                    "LOG=requests", "TOKENS_FILE=/etc/access/tokens", "TLS_CERTIFICATE_FILE=/etc/access/tls.crt",
                    "TLS_KEY_FILE=/etc/access/tls.key", "CORS_ORIGINS=https://a.example.org,http://localhost:3000",
                    "RELEASE=inference:0123456789abcdef",
                ])
            let annotations = try #require(try Yams.compose(yaml: text))["spec"]?["template"]?["metadata"]?[
                """
                annotations
                """]
            #expect(annotations?["prometheus.io/scheme"]?.string == "https")
            #expect(container?["volumeMounts"]?.sequence?.last?["mountPath"]?.string == "/etc/access")
            #expect(pod?["volumes"]?.sequence?.last?["secret"]?["secretName"]?.string == "inference-access-1")
            for probe in ["startupProbe", "readinessProbe", "livenessProbe"] {
                #expect(container?[probe]?["httpGet"]?["scheme"]?.string == "HTTPS")
            }
        }
    }

    /// A service with tokens and TLS whose pods have the Secret of this name; it lets in who has no token.
    private func host(_ secret: String, tells: CommandState = CommandState()) -> ScriptedTransport {
        let names = ["TOKENS_FILE", "TLS_CERTIFICATE_FILE"].map { #"{"name":"\#($0)","value":"/etc/access/x"}"# }
        let env = #""env":[\#(names.joined(separator: ","))],"image":"#
        let volumes = #""volumes":[{"name":"access","secret":{"secretName":"\#(secret)"}}],"containers""#
        let deployment = Small.deployment.replacing(#""image":"#, with: env).replacing(#""containers""#, with: volumes)
        let pods = Small.pods.replacing(#""image":"#, with: env)
        return ScriptedTransport { command in
            let script = command.inputText
            if command.line.contains("get secret") {
                return Output(
                    standardOutput: Array(tells.text.utf8),
                    standardError: Array("Error from server (NotFound)\n".utf8), exit: .code(tells.exitCode))
            }
            if script.contains("get deployment") {
                return Output(
                    answering: CommandState(text: "ok"), CommandState(text: deployment),
                    CommandState(text: Small.exposure), CommandState(text: Small.golden), CommandState(text: pods))
            }
            if script.contains("rows.jsonl") {
                let rows = script.matches(of: /(\d+)p/).compactMap { Int($0.1) }.sorted().map { Small.rows[$0 - 1] }
                return Output(answering: CommandState(text: rows.joined(separator: "\n")))
            }
            return Output(
                asked(in: script.replacing("https://", with: "http://")).map { framed($0.answer(Small.answer)) }
                    .joined())
        }
    }

    private func pin(_ name: String, _ directory: TemporaryDirectory) throws -> String {
        "pinnedpubkey = \"sha256//\(CertificateFile(pem: Array(try directory.text(name).utf8))!.pins[0])\""
    }

    @Test(
        """
        is let in with the first token, over TLS with its own key, and nobody without one: the smoke test sees to that
        """)
    func smokeTest() async throws {
        try await TemporaryDirectory.during { directory in
            let cluster = Example.cluster(service: try service(directory))
            let host = host(try #require(try AccessSecret(cluster)).name)
            let notes = Notes()
            let result = try await SmokeTest(cluster: cluster, rows: 1).run(controlPlane: host, reporter: notes)
            let last = try #require(await host.commands.last)
            guard case .secret = last.input else { throw Problem(what: "the token is not sent as a secret") }
            #expect(await !host.commands.contains { $0.line.contains("get secret") }, "the operator has the tokens")
            #expect(!last.line.contains(Self.token))
            #expect(last.inputText.contains("Authorization: Bearer \(Self.token)"))
            #expect(last.inputText.contains(try pin("own.crt", directory)))
            #expect(!last.inputText.contains("http://"), "all of it speaks TLS")
            #expect(last.inputText.contains("who=open\nask https://10.96.1.2:80/score\nwho=own\n"))
            // This service lets in who has none.
            let open = try #require(result.checks.first { $0.name == "/score, without a token" })
            #expect(open.expected == "401 with a reason")
            #expect(!open.isPassed)
            #expect(result.checks.filter { !$0.isPassed }.count == 1)
            let certificate = try #require(result.checks.first { $0.name == "certificate" })
            #expect(certificate.got == "valid until \(UTCDate.text(UTCDate.now + 30 * 86_400))")
        }
    }

    @Test("is asked after a rollback with the token and the certificate of then, which the cluster has kept")
    func rolledBack() async throws {
        try await TemporaryDirectory.during { directory in
            let cluster = Example.cluster(service: try service(directory))
            try TestCertificate.write("former", in: directory)
            func packed(_ text: String) -> String { Data(text.utf8).base64EncodedString() }
            let kept = "\(packed("former-token-of-ours\nother\n"))-\n\(packed(try directory.text("former.crt")))-\n"
            let host = host("inference-access-00000000", tells: CommandState(text: kept))
            let notes = Notes()
            let result = try await SmokeTest(cluster: cluster, rows: 1).run(controlPlane: host, reporter: notes)
            let last = try #require(await host.commands.last)
            #expect(last.inputText.contains("Authorization: Bearer former-token-of-ours"))
            #expect(last.inputText.contains(try pin("former.crt", directory)))
            #expect(!last.inputText.contains(Self.token))
            #expect(
                notes.all.contains {
                    $0.hasPrefix(
                        """
                        the release that runs has tokens or a certificate of its own (Secret inference-access-0
                        """)
                })
            #expect(!notes.all.joined().contains("former-token"))
            #expect(result.checks.filter { !$0.isPassed }.map(\.name) == ["/score, without a token"])
        }
    }

    @Test("cannot be asked where its Secret is gone, and why is said, not that its answers are wrong")
    func secretIsGone() async throws {
        try await TemporaryDirectory.during { directory in
            let cluster = Example.cluster(service: try service(directory))
            let host = host("inference-access-00000000", tells: CommandState(exitCode: 1, text: ""))
            let problem = await #expect(throws: Problem.self) {
                try await SmokeTest(cluster: cluster, rows: 1).run(controlPlane: host, reporter: Silence())
            }
            #expect(
                problem?.what == "kubmaster: the running release cannot be asked: the Secret "
                    + "inference-access-00000000 with its tokens is not there")
            #expect(problem?.why == "Error from server (NotFound)")
        }
    }

    @Test("has a certificate that the smoke test tells of when it has expired")
    func expired() async throws {
        try await TemporaryDirectory.during { directory in
            try TestCertificate.write("own", in: directory)
            let file = try #require(CertificateFile(pem: Array(try directory.text("own.crt").utf8)))
            #expect(file.check(at: file.begins).isPassed)
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
        must show the key of the operator's certificate, whatever name and authority that has: the host's curl says so
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

    /// A curl that tells what it was told in a file, and where its address is.
    private static let curl = #"""
        #!/bin/sh
        while [ $# -gt 0 ]; do case $1 in --config) config=$2;; esac; last=$1; shift; done
        { cat "$config"; echo "$last"; } >> "$0.said"
        printf '200 0.001'
        """#

    @Test("has its token in a file, never in an argument of curl, and none where it must not be let in")
    func curl() async throws {
        try await TemporaryDirectory.during { directory in
            try directory.write("curl", Self.curl, mode: 0o755)
            var open = ServiceRequest(path: "/b", expected: .refusal(401))
            open.isAnonymous = true
            let script = RequestScript(
                requests: [("https://h", ServiceRequest(path: "/a", expected: .refusal(400))), ("https://h", open)],
                credentials: ServiceCredentials(token: Self.token))
            let run = try LocalProgram(
                "env", "PATH=\(directory.path("")):/usr/bin:/bin", "sh", "-s",
                input: Array(script.command.inputText.utf8))
            #expect(run.exitCode == 0)
            #expect(
                try directory.text("curl.said") == """
                    insecure
                    header = "Authorization: Bearer \(Self.token)"
                    https://h/a
                    insecure
                    https://h/b

                    """)
        }
    }

    @Test("puts the service under load with the token, too")
    func load() throws {
        let script = LoadScript(
            address: "https://h", rows: 3, load: Load(length: .seconds(1)),
            credentials: ServiceCredentials(token: Self.token))
        guard case .secret = script.command.input else { throw Problem(what: "the token is not sent as a secret") }
        let urls = try #require(LoadScript.workers.firstMatch(of: #/urls\(\) \{\n(?:.*\n)*?\}\n/#)?.0)
        let own = ServiceCredentials(token: Self.token).configuration().shellQuoted
        let run = try LocalProgram("sh", "-c", "own=\(own) address=https://h rows=3 body=\n\(urls)\nurls 0")
        #expect(run.output.hasPrefix("insecure\nheader = \"Authorization: Bearer \(Self.token)\"\nurl = "))
    }
}
