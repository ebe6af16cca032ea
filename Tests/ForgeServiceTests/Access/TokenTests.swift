import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeTemplates
import ForgeTestSupport
import Foundation
import Testing

@testable import ForgeService

@Suite("A token of a service")
struct TokenTests {
    private static let token = String(repeating: "0a", count: 16)
    private static let second = String(repeating: "1b", count: 16)

    @Test(
        "is never told where something is wrong with its file: its number is",
        arguments: [
            ("", "holds no token"), ("\u{FEFF}# none\n", "holds no token"),
            ("short\n", ":1: cannot be used as a token"),
            ("\(token)\r\n\r\n# mine\r\n\(second) x\r\n", ":4: cannot be used as a token"),
        ])
    func badTokens(tokens: String, what: String) async throws {
        try await TemporaryDirectory.during { directory in
            let cluster = Example.cluster(service: Service(tokensPath: try directory.write("tokens", tokens)))
            let problem = #expect(throws: Problem.self) { try AccessSecret(cluster) }
            #expect(problem?.what == directory.path("tokens") + (what.hasPrefix(":") ? what : " " + what))
            #expect(problem?.kind == .invalidInventory)
            #expect(problem?.description.contains(Self.second) == false)
            #expect(
                problem?.fix
                    == "`openssl rand -hex 32 >> \(directory.path("tokens"))`; service: tokens: in inventory/lab.yaml")
        }
    }

    @Test("is in a file of at most 1 MiB")
    func largest() async throws {
        try await TemporaryDirectory.during { directory async throws in
            func read(_ bytes: Int) throws -> [String] {
                let text = "\(Self.token)\n#"
                let path = try directory.write("tokens", text + String(repeating: "x", count: bytes - text.utf8.count))
                return try AccessTokens(path, Example.cluster()).all
            }
            #expect(try read(1_048_576) == [Self.token])
            let problem = #expect(throws: Problem.self) { try read(1_048_577) }
            #expect(problem?.what == "\(directory.path("tokens")) cannot be read")
            #expect(problem?.why == "it has more than 1 MiB")
        }
    }

    /// A curl that tells what it was told in a file, and where its address is.
    private static let curl = #"""
        #!/bin/sh
        while [ $# -gt 0 ]; do case $1 in --config) config=$2;; esac; last=$1; shift; done
        { cat "$config"; echo "$last"; } >> "$0.said"
        printf '200 0.001'
        """#

    @Test("is in a file, never in an argument of curl, and nowhere where nobody must be let in")
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

    @Test("goes with the requests of a load, too")
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
