import ForgeCore
import Foundation

/// A real ssh-agent with a socket of its own.
package struct SSHAgent: Sendable {
    package let socket: String

    package static func running<Result>(in folder: TemporaryFolder, keys: [String] = [], _ body: (SSHAgent) async throws -> Result) async throws -> Result {
        let process = Process()
        let output = Pipe()
        let agent = SSHAgent(socket: folder.path("agent"))
        process.executableURL = URL(filePath: "/usr/bin/ssh-agent")
        process.arguments = ["-D", "-a", agent.socket]
        process.standardOutput = output
        try process.run()
        defer {
            process.terminate()
            process.waitUntilExit()
        }
        // It prints the way to its socket when the socket is there.
        _ = output.fileHandleForReading.availableData
        for key in keys { try agent.add(key) }
        return try await body(agent)
    }

    package func add(_ keyPath: String, passphrase: String? = nil, _ folder: TemporaryFolder? = nil) throws {
        var environment = ["SSH_AUTH_SOCK": socket]
        if let passphrase, let folder {
            environment["SSH_ASKPASS"] = try folder.write("askpass", "#!/bin/sh\necho \(passphrase.shellQuoted)\n", mode: 0o700)
            environment["SSH_ASKPASS_REQUIRE"] = "force"
        }
        try LocalProgram.run("ssh-add", ["-q", keyPath], environment: environment)
    }
}
