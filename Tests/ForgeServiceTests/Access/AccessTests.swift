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

    /// A service with tokens and TLS whose pods have the Secret of this name; it lets in who has no token, unless it
    /// is closed.
    private func host(_ secret: String, tells: CommandState = CommandState(), isClosed: Bool = false)
        -> ScriptedTransport
    {
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
                    standardError: Array("a warning\nError from server (NotFound)\n".utf8),
                    exit: .code(tells.exitCode))
            }
            if script.contains("get deployment") {
                return Output(
                    answering: CommandState(text: deployment), CommandState(text: Small.exposure),
                    CommandState(text: Small.golden), CommandState(text: pods))
            }
            if script.contains("rows.jsonl") {
                let rows = script.matches(of: /(\d+)p/).compactMap { Int($0.1) }.sorted().map { Small.rows[$0 - 1] }
                return Output(answering: CommandState(text: rows.joined(separator: "\n")))
            }
            let requests = asked(in: script.replacing("https://", with: "http://"))
            // The first is made with the token, and the second without.
            let scores = requests.indices.filter { requests[$0].path == "/score" }
            let replies = requests.indices.map { place -> (status: Int, body: String) in
                isClosed && scores.dropFirst().contains(place)
                    ? (401, #"{"error":"no token"}"#) : requests[place].answer(Small.answer)
            }
            return Output(replies.map { framed($0) }.joined())
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

    @Test("is held to the scores that it tells who has a token")
    func scores() async throws {
        try await TemporaryDirectory.during { directory in
            let cluster = Example.cluster(service: try service(directory))
            let host = host(try #require(try AccessSecret(cluster)).name, isClosed: true)
            let result = try await SmokeTest(cluster: cluster, rows: 1, minimumScore: 0.5).run(
                controlPlane: host, reporter: Silence())
            #expect(result.isPassed)
            #expect(result.checks.suffix(2).map(\.name) == ["score of lda", "score of mlp"])
            #expect(result.checks.suffix(2).map(\.got) == ["0.8692", "0.5"])
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
}
