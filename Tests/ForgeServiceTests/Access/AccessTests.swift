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

    private func service(_ folder: TemporaryFolder, tokens: String? = "# ours\n\n\(token)\n\(second)\n") throws
        -> Service
    {
        try folder.write("crt", "-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n")
        try folder.write("key", "-----BEGIN EC PRIVATE KEY-----\nx\n-----END EC PRIVATE KEY-----\n")
        var service = Service(requestLog: .requests, cors: ["https://a.example.org", "http://localhost:3000"])
        service.tls = .init(certificatePath: folder.path("crt"), keyPath: folder.path("key"))
        service.tokensPath = try tokens.map { try folder.write("tokens", $0) }
        return service
    }

    @Test("is known to the cluster by a Secret that is named by its content, and sent as one")
    func secret() async throws {
        try await TemporaryFolder.during { folder in
            let secret = try #require(try AccessSecret(Example.cluster(service: service(folder))))
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
            let other = try AccessSecret(Example.cluster(service: service(folder, tokens: Self.token)))
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
        try await TemporaryFolder.during { folder in
            let cluster = Example.cluster(service: try service(folder, tokens: tokens))
            let problem = #expect(throws: Problem.self) { try AccessSecret(cluster) }
            #expect(problem?.what == folder.path("tokens") + (what.hasPrefix(":") ? what : " " + what))
            #expect(problem?.kind == .invalidInventory)
            #expect(problem?.description.contains(Self.second) == false)
            #expect(
                problem?.fix
                    == "`openssl rand -hex 32 >> \(folder.path("tokens"))`; service: tokens: in inventory/lab.yaml")
        }
    }

    @Test("has a key that pods can use: one with a passphrase is refused")
    func badKey() async throws {
        try await TemporaryFolder.during { folder in
            let service = try service(folder)
            try folder.write("key", "-----BEGIN ENCRYPTED PRIVATE KEY-----\n")
            let problem = #expect(throws: Problem.self) { try AccessSecret(Example.cluster(service: service)) }
            #expect(problem?.what == "\(folder.path("key")) holds no private key in PEM")
            #expect(problem?.fix == "correct service: tls: key: in inventory/lab.yaml")
        }
    }

    @Test("reaches pods as the server reads it, and probes speak as it does")
    func deployment() async throws {
        try await TemporaryFolder.during { folder in
            let files = try Manifests.make(
                cluster: Example.cluster(service: service(folder)), release: Example.release,
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
                ])
            #expect(container?["volumeMounts"]?.sequence?.last?["mountPath"]?.string == "/etc/access")
            #expect(pod?["volumes"]?.sequence?.last?["secret"]?["secretName"]?.string == "inference-access-1")
            for probe in ["startupProbe", "readinessProbe", "livenessProbe"] {
                #expect(container?[probe]?["httpGet"]?["scheme"]?.string == "HTTPS")
            }
        }
    }

    @Test("is let in with the first token, over TLS, and nobody without one: the smoke test sees to that")
    func smokeTest() async throws {
        try await TemporaryFolder.during { folder in
            let names = ["TOKENS_FILE", "TLS_CERTIFICATE_FILE"].map { #"{"name":"\#($0)","value":"/etc/access/x"}"# }
            let env = #""env":[\#(names.joined(separator: ","))],"image":"#
            let pods = Small.pods.replacing(#""image":"#, with: env)
            let host = ScriptedTransport { command in
                let script = command.inputText
                if script.contains("get deployment") {
                    return Output(
                        answering: CommandState(text: "ok"),
                        CommandState(text: Small.deployment.replacing(#""image":"#, with: env)),
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
            let cluster = Example.cluster(service: try service(folder))
            let result = try await SmokeTest(cluster: cluster, rows: 1).run(controlPlane: host, reporter: Silence())
            let last = try #require(await host.commands.last)
            guard case .secret = last.input else { throw Problem(what: "the token is not sent as a secret") }
            #expect(!last.line.contains(Self.token))
            #expect(last.inputText.contains("Authorization: Bearer \(Self.token)"))
            #expect(!last.inputText.contains("http://"), "all of it speaks TLS")
            #expect(last.inputText.contains("who=open\nask https://10.96.1.2:80/score\nwho=own\n"))
            // This service lets in who has none.
            let open = try #require(result.checks.first { $0.name == "/score, without a token" })
            #expect(open.expected == "401 with a reason")
            #expect(!open.isPassed)
            #expect(result.checks.filter { !$0.isPassed }.count == 1)
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
        try await TemporaryFolder.during { folder in
            try folder.write("curl", Self.curl, mode: 0o755)
            var open = ServiceRequest(path: "/b", expected: .refusal(401))
            open.isAnonymous = true
            let script = RequestScript(
                requests: [("https://h", ServiceRequest(path: "/a", expected: .refusal(400))), ("https://h", open)],
                credentials: ServiceCredentials(token: Self.token))
            let run = try LocalProgram(
                "env", "PATH=\(folder.path("")):/usr/bin:/bin", "sh", "-s",
                input: Array(script.command.inputText.utf8))
            #expect(run.exitCode == 0)
            #expect(
                try folder.text("curl.said") == """
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
