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

    @Test("is not believed when it prints something else")
    func isNotBelieved() {
        let script = RequestScript(requests: [("http://h", ServiceRequest(path: "/", expected: .refusal(400)))])
        #expect(script.replies(from: Array("200 0.001 2\n{}\n".utf8))?.count == 1)
        #expect(script.replies(from: Array("200 0.001 9\n{}\n".utf8)) == nil)
        #expect(script.replies(from: Array("sh: curl: not found".utf8)) == nil)
    }
}
