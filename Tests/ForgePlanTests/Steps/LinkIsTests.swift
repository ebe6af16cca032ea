import ForgeCore
import ForgeTestSupport
import Foundation
import Testing

@testable import ForgePlan

@Suite("A link")
struct LinkIsTests {
    @Test("is made, with its folder, to what need not be there yet, and is then so")
    func isMade() async throws {
        try await TemporaryFolder.during { folder in
            let step = LinkIs(
                folder.path("a/10.77.0.11:5443/ca.crt"), to: folder.path("pki/ca.crt"), title: "it leads there")
            let host = LocalTransport()
            let machine = Machine(host: Example.host(), transport: host)
            func differences() async throws -> [String] {
                try await step.differences(given: machine.ask(step.questions)).map(\.text)
            }
            let missing = ["\(step.path) does not lead to \(step.target)"]
            #expect(try await differences() == missing)
            try await step.apply(to: machine)
            #expect(try await differences() == [])
            try FileManager.default.createDirectory(atPath: folder.path("pki"), withIntermediateDirectories: true)
            try folder.write("pki/ca.crt", "authority")
            #expect(try await differences() == [])
            #expect(try folder.text("a/10.77.0.11:5443/ca.crt") == "authority")
            // Somebody's copy is no link: it would not follow.
            try FileManager.default.removeItem(atPath: step.path)
            try folder.write("a/10.77.0.11:5443/ca.crt", "authority")
            #expect(try await differences() == missing)
            try await step.apply(to: machine)
            #expect(try await differences() == [])
        }
    }

    @Test("takes nobody's file away: what is no link is kept")
    func others() async throws {
        let path = "/etc/docker/certs.d/10.77.0.11:5443/ca.crt"
        let looks =
            frame(" 0") + frame(" 0") + frame("regular file|644|root:root|1|1") + frame("\(SHA256.hex("x"))  \(path)")
        let (machine, transport) = Example.machine(answering: looks) { _ in Output() }
        try await LinkIs(path, to: "/pki/ca.crt", title: "it leads there").apply(to: machine)
        #expect(await transport.commands[1] == OriginalFile.putAway(path))
        #expect(await transport.changes.last?.hasSuffix("sh \(path) /pki/ca.crt") == true)
    }
}
