import ForgeCore
import ForgeSSH
import ForgeTestSupport
import Foundation
import Testing

@Suite("An sshd of a test")
struct LoopbackSSHDTests {
    @Test("leaves no command behind whose connection has ended before it", .timeLimit(.minutes(5)))
    func leftCommands() async throws {
        let left = try await LoopbackSSHD.running { sshd async throws in
            let (started, continuation) = AsyncStream.makeStream(of: String.self)
            let task = Task {
                try await sshd.connected { connection async throws in
                    try await connection.run(.shell("echo $PPID; exec sleep 600")) { continuation.yield($0.text) }
                }
            }
            var told: Int32?
            for await line in started {
                told = Int32(line)
                break
            }
            let process = try #require(told)
            let connection = try parent(process)
            task.cancel()
            await #expect(throws: CancellationError.self) { try await task.value }
            // The connection's own process has ended with it, and left its command alone.
            while try parent(process) == connection { try await Task.sleep(for: .milliseconds(5)) }
            return process
        }
        #expect(LoopbackSSHD.hasEnded(left))
    }

    private func parent(_ process: Int32) throws -> Substring? {
        try String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8).split(separator: "\n").first {
            $0.hasPrefix("PPid:")
        }
    }
}
