import ForgeCore
import Foundation

/// A real ssh-agent with a socket of its own.
package struct SSHAgent: Sendable {
    package let socket: String

    package static func running<Result: Sendable>(
        in folder: TemporaryFolder, keys: [String] = [], _ body: (SSHAgent) async throws -> Result
    ) async throws -> Result {
        let agent = SSHAgent(socket: folder.path("agent"))
        return try await LocalProgram.running("/usr/bin/ssh-agent", ["-D", "-a", agent.socket]) { _ in
            while !FileManager.default.fileExists(atPath: agent.socket) { try await Task.sleep(for: .milliseconds(2)) }
            for key in keys { try await agent.add(key) }
            return try await body(agent)
        }
    }

    package func add(_ keyPath: String, passphrase: String? = nil, _ folder: TemporaryFolder? = nil) async throws {
        var environment = ["SSH_AUTH_SOCK": socket]
        if let passphrase, let folder {
            environment["SSH_ASKPASS"] = try folder.write("askpass", "#!/bin/sh\necho \(passphrase.shellQuoted)\n", mode: 0o700)
            environment["SSH_ASKPASS_REQUIRE"] = "force"
        }
        try await LocalProgram.run("ssh-add", ["-q", keyPath], environment: environment)
    }
}
