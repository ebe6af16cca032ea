import ForgeCore
import ForgeTestSupport
import Foundation
import Glibc
import Testing

@testable import ForgeCLI

@Suite("Output that nobody reads")
struct UnreadOutputTests {
    /// The two ends of a pipe, which no other program inherits.
    private static func pipe() throws -> (reading: Int32, writing: Int32) {
        var ends: [Int32] = [-1, -1]
        try #require(Glibc.pipe(&ends) == 0)
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        return (ends[0], ends[1])
    }

    @Test("is told once where it cannot be written any longer")
    func once() {
        let (failure, told) = (OutputFailure(), Sheet())
        failure.onFailure { told.write("it failed") }
        let descriptor = open("/dev/full", O_WRONLY | O_CLOEXEC)
        defer { close(descriptor) }
        let stream = TextStream.descriptor(descriptor, onFailure: failure)
        stream.write("")
        #expect(told.text == "")
        stream.write("a\n")
        stream.write("b\n")
        #expect(told.text == "it failed")
    }

    @Test("ends the run as Ctrl-C does where the pipe is closed")
    func closed() async throws {
        try await LoopbackServer.running(.silent) { port in
            let scene = try Scene()
            try scene.write(
                """
                cluster: silent
                kubernetes: 1.36.2
                hosts:
                  - { name: m, address: 10.0.0.1, role: control-plane, ssh: { address: 127.0.0.1, port: \(port) } }

                """, to: "desk/inventory.yaml")
            let (reading, writing) = try Self.pipe()
            close(reading)
            defer { close(writing) }
            // Otherwise it would wait for the host, and end with 4.
            #expect(try await Binary.run(["deploy", "--output", "json"], in: scene, errors: writing) == 130)
        }
    }

    @Test("does not stop the work: the run goes on to its end, and its log has it all")
    func full() async throws {
        let scene = try Scene()
        // A hundred problems, each with this name, are more than a pipe takes.
        let name = (0..<4).map { _ in String(repeating: "n", count: 250) + "/" }.joined() + "inventory.yaml"
        try scene.write((0..<200).map { "key\($0): 1\n" }.joined(), to: "desk/" + name)
        let (reading, writing) = try Self.pipe()
        defer { close(writing) }
        let code = try await Binary.run(["deploy", name], in: scene, errors: writing) {
            let end = ContinuousClock.now + .seconds(30)
            while !Self.log(scene).contains("== failed\n"), ContinuousClock.now < end {
                try await Task.sleep(for: .milliseconds(20))
            }
            #expect(Self.log(scene).contains("== failed\n"), "the run stands still with its output")
            close(reading)
        }
        #expect(code == 3)
    }

    private static func log(_ scene: Scene) -> String {
        let folder = scene.state.logs
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return names.map { (try? String(contentsOfFile: "\(folder)/\($0)", encoding: .utf8)) ?? "" }.joined()
    }
}
