import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeTestSupport
import Foundation
import Synchronization
import Testing

@testable import ForgeService

@Suite("The script of requests")
struct RequestScriptTests {
    @Test("prints what was answered, and why nothing was")
    func prints() throws {
        // A port where nobody listens, and a file in place of a service: curl reads both.
        let script = RequestScript(requests: [
            ("http://127.0.0.1:1", ServiceRequest(path: "/score", expected: .refusal(400))),
            (
                "http://127.0.0.1:1",
                ServiceRequest(path: "/it's", body: #"{"rows":[["$(id)"]]}"#, expected: .refusal(400))
            ),
        ])
        #expect(
            script.command.inputText.contains(
                #"""
                ask --header 'Content-Type: application/json' --data-binary @- 'http://127.0.0.1:1/it'\''s' <<'end of \#
                body'
                {"rows":[["$(id)"]]}
                end of body
                """#))
        let run = try LocalProgram("sh", "-s", input: Array(script.command.inputText.utf8))
        let replies = try #require(script.replies(from: Array(run.output.utf8)))
        #expect(replies.map(\.status) == [0, 0])
        #expect(
            String(decoding: replies[0].body, as: UTF8.self).hasPrefix(
                "curl: (7) Failed to connect to 127.0.0.1 port 1"))
    }

    /// `include` there puts headers into the body.
    @Test("asks as it says, whatever the login's ~/.curlrc says")
    func curlrc() async throws {
        try await TemporaryDirectory.during { directory async throws in
            try directory.write(".curlrc", "include\n")
            try directory.write("row", "{}")
            let script = RequestScript(requests: [
                ("file://\(directory.path)", ServiceRequest(path: "/row", expected: .refusal(400)))
            ])
            let environment = ProcessInfo.processInfo.environment.merging(["CURL_HOME": directory.path]) { $1 }
            let program = try FinishedProgram.run(
                ["sh", "-s"], input: Array(script.command.inputText.utf8), environment: environment)
            let replies = try #require(script.replies(from: program.output))
            #expect(replies.map { String(decoding: $0.body, as: UTF8.self) } == ["{}"])
        }
    }

    @Test("asks no more after two answers in a row that did not come in time")
    func late() async throws {
        try await TemporaryDirectory.during { directory async throws in
            try directory.write(
                "curl",
                """
                #!/bin/sh
                for url do :; done
                echo "$url" >>'\(directory.path("asked"))'
                case $url in */2) printf '200 0.1';; *) echo 'curl: (28) timed out' >&2; exit 28;; esac
                """, mode: 0o755)
            let script = RequestScript(
                requests: (1...6).map {
                    (address: "http://h", request: ServiceRequest(path: "/\($0)", expected: .refusal(400)))
                })
            let run = try LocalProgram(
                "env", "PATH=\(directory.path):/usr/bin:/bin", "sh", "-s",
                input: Array(script.command.inputText.utf8))
            let replies = try #require(script.replies(from: Array(run.output.utf8)), "\(run.output)")
            #expect(replies.map(\.status) == [0, 200, 0, 0, 0, 0])
            #expect(replies.suffix(2).map { String(decoding: $0.body, as: UTF8.self) } == ["not asked", "not asked"])
            #expect(try directory.text("asked") == "http://h/1\nhttp://h/2\nhttp://h/3\nhttp://h/4\n")
        }
    }

    @Test("has a second more for each four requests")
    func timeLimit() {
        let one = (address: "http://h", request: ServiceRequest(path: "/", expected: .refusal(400)))
        let script = RequestScript(requests: Array(repeating: one, count: 40))
        #expect(script.command.timeLimit == .seconds(310))
    }

    /// A time limit sends TERM; who reads no more, PIPE.
    @Test(
        "that a signal ends leaves no token behind",
        arguments: [
            "timeout 1 \"$0\" -s",
            "mkfifo pipe; (: < pipe; : > gone) & exec \"$0\" -s > pipe",
        ], ["dash", "bash"])
    func endedBySignal(line: String, shell: String) async throws {
        try await TemporaryDirectory.during { directory async throws in
            let credentials = ServiceCredentials(token: "SECRET")
            let script = RequestScript(
                requests: [("http://h", ServiceRequest(path: "/", expected: .refusal(400)))], credentials: credentials)
            let text = script.command.inputText.replacing("/tmp/kubeforge.XXXXXX", with: "made.XXXXXX")
            try directory.write(
                "curl",
                """
                #!/bin/sh
                cat made.*/own > seen
                while [ ! -e gone ]; do sleep 0.01; done; echo 200 0.1
                """, mode: 0o755)
            let path = "\(directory.path):/usr/bin:/bin"
            _ = try FinishedProgram.run(
                ["sh", "-c", line, shell], input: Array(text.utf8), in: URL(filePath: directory.path),
                environment: ["PATH": path])
            #expect(try directory.text("seen").contains("Authorization: Bearer SECRET"))
            let left = try FileManager.default.contentsOfDirectory(atPath: directory.path)
            #expect(left.filter { $0.hasPrefix("made.") } == [])
        }
    }

    @Test("is not believed when it prints something else")
    func isNotBelieved() {
        let script = RequestScript(requests: [("http://h", ServiceRequest(path: "/", expected: .refusal(400)))])
        #expect(script.replies(from: Array("200 0.001 2\n{}\n".utf8))?.count == 1)
        #expect(script.replies(from: Array("200 0.001 9\n{}\n".utf8)) == nil)
        #expect(script.replies(from: Array("sh: curl: not found".utf8)) == nil)
    }
}
