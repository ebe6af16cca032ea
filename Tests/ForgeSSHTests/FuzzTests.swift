import ForgeCore
import ForgeTestSupport
import Foundation
import Testing

@testable import ForgeSSH

@Suite("Fuzz: known_hosts")
struct FuzzTests {
    @Test("lines of known_hosts")
    func knownHosts() async throws {
        try await TemporaryFolder.during { folder in
            let path = folder.path("known_hosts")
            let access = Host.Access(user: "me", keyPath: nil, knownHostsPath: path)
            let host = Host(name: "m", address: IPv4Address("10.0.0.1")!, role: .worker, isSchedulable: true, access: access)
            let line = "10.0.0.1 ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAabcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOP\n"
            try Fuzz("known_hosts", samples: [line, "@revoked 10.0.0.1 ssh-rsa AAAA\n|1|abc=|def= ssh-rsa AAAA\n*,!x ssh-rsa AAAA\n"]).run {
                input in
                try String(decoding: input.bytes, as: UTF8.self).write(toFile: path, atomically: false, encoding: .utf8)
                _ = try KnownHosts(at: path, for: host).types
            }
        }
    }
}
