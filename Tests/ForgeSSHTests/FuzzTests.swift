import ForgeCore
import ForgeTestSupport
import Foundation
import Testing

@testable import ForgeSSH

@Suite("Fuzz: known_hosts and ssh-agent")
struct FuzzTests {
    @Test("lines of known_hosts")
    func knownHosts() async throws {
        try await TemporaryDirectory.during { directory in
            let path = directory.path("known_hosts")
            let access = Host.Access(user: "me", keyPath: nil, knownHostsPath: path)
            let host = Host(
                name: "m", address: IPv4Address("10.0.0.1")!, role: .worker, isSchedulable: true, access: access)
            let line = "10.0.0.1 ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAabcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOP\n"
            try Fuzz(
                "known_hosts",
                samples: [line, "@revoked 10.0.0.1 ssh-rsa AAAA\n|1|abc=|def= ssh-rsa AAAA\n*,!x ssh-rsa AAAA\n"]
            ).run {
                input in
                try String(decoding: input.bytes, as: UTF8.self).write(toFile: path, atomically: false, encoding: .utf8)
                return try KnownHosts(at: path, [path], for: host).types.contains("ssh-ed25519")
            }
        }
    }

    @Test("answers of ssh-agent")
    func agent() throws {
        let key: [UInt8] = [0, 0, 0, 2, 7, 8, 0, 0, 0, 1, 65]
        let answer = String(decoding: [12, 0, 0, 0, 2] + key + key, as: UTF8.self)
        #expect(AgentSocket.keys(in: Array(answer.utf8)).map(\.blob) == [[7, 8], [7, 8]])
        try Fuzz("ssh-agent", samples: [answer]).run { AgentSocket.keys(in: $0.bytes).count == 2 }
    }
}
