import ForgeCore
import ForgeSSH
import ForgeTestSupport
import Testing

@Suite("A login user who is not root", .serialized, .enabled(if: OrdinaryUser.canBeMade, "only root can make a user"))
struct OrdinaryUserTests {
    @Test("runs commands as themselves, and as root through sudo")
    func sudo() async throws {
        try await OrdinaryUser.during { user async throws in
            try await LoopbackSSHD.running { sshd async throws in
                try await sshd.connected(as: sshd.host(user: user.name)) { connection async throws in
                    #expect(try await connection.run(Command("id", "-un")).text == "\(user.name)\n")
                    #expect(try await connection.run(Command("id", "-un").asRoot()).text == "root\n")
                    #expect(try await connection.run(Command("printf", "%s|", "it's", "$(id)", "-n").asRoot()).text == "it's|$(id)|-n|")
                    #expect(try await connection.run(Command.script("cat /etc/shadow > /dev/null && echo read").asRoot()).text == "read\n")
                    #expect(try await connection.run(.shell("kill -TERM $$").asRoot()).exit != .code(0))
                    #expect(try await connection.run(Command("sleep", "60").asRoot().within(.seconds(1))).exit == .code(124))
                }
            }
        }
    }

    @Test("writes files that are root's")
    func files() async throws {
        try await OrdinaryUser.during { user async throws in
            try await LoopbackSSHD.running { sshd async throws in
                try await sshd.connected(as: sshd.host(user: user.name)) { connection async throws in
                    let path = sshd.folder.path("file")
                    #expect(
                        try await connection.run(RemoteFile(path, "text", mode: 0o644, owner: "root:root", isSecret: true).write)
                            == Output())
                    #expect(try await LocalProgram.run("stat", ["-c", "%a %U:%G", path]) == "644 root:root\n")
                }
            }
        }
    }
}
