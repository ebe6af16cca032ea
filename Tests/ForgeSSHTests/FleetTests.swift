import ForgeCore
import ForgeSSH
import ForgeTestSupport
import Testing

@Suite("Twenty hosts")
struct FleetTests {
    @Test("run their commands at the same time", .timeLimit(.minutes(5)))
    func together() async throws {
        try await LoopbackSSHD.running { sshd async throws in
            // Each waits on the host until all have come: with one less at a time nobody would ever get through.
            let meet = "touch here.$1; until test $(ls here.* | wc -l) -eq 20; do sleep 0.05; done; echo met"
            let texts = try await withThrowingTaskGroup(of: String.self) { group in
                for number in 1...20 {
                    group.addTask {
                        try await sshd.connected(as: sshd.host("host\(number)")) { connection async throws in
                            let command = Command(
                                "sh", "-c", "cd \(sshd.folder.path.shellQuoted); \(meet)", "sh", Word("\(number)"))
                            return try await connection.run(command.within(.seconds(30))).text
                        }
                    }
                }
                var texts: [String] = []
                for try await text in group { texts.append(text) }
                return texts
            }
            #expect(texts == [String](repeating: "met\n", count: 20))
        }
    }

    @Test("may all be new at once: the key is written down once, as one whole line")
    func newTogether() async throws {
        try await LoopbackSSHD.running { sshd async throws in
            let options = SSHOptions(homeFolder: sshd.folder.path, acceptNewHostKeys: { _ in })
            let host = sshd.host(knownHostsPath: "~/fleet")
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 1...10 { group.addTask { try await sshd.connected(as: host, options) { _ in } } }
                for try await _ in group {}
            }
            #expect(try sshd.folder.text("fleet") == "\(sshd.name) \(sshd.hostKey(.ed25519))\n")
        }
    }

    @Test("that log in while the host drops some of them get in at the second or third try", .timeLimit(.minutes(5)))
    func maxStartups() async throws {
        try await LoopbackSSHD.running(["MaxStartups 1:30:10"]) { sshd async throws in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 1...6 { group.addTask { try await sshd.connected { _ in } } }
                for try await _ in group {}
            }
        }
    }
}
