import ForgeCore
import ForgeSSH
import ForgeTestSupport
import Foundation
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

    /// Those of this computer that read quotes otherwise than POSIX shells, or more in a word than they do.
    private static let shells = ["/usr/bin/fish", "/bin/tcsh", "/usr/bin/zsh"].filter(FileManager.default.isExecutableFile)

    @Test("may have a login shell that is none of POSIX", arguments: shells)
    func otherShells(shell: String) async throws {
        try await OrdinaryUser.during(shell: shell) { user async throws in
            try await LoopbackSSHD.running { sshd async throws in
                try await sshd.connected(as: sshd.host(user: user.name)) { connection async throws in
                    let texts = ["it's", "a\\", "\\'", "!", "a\nb", "$HOME", "{a,b}", "=ls", "~"]
                    let said = try await connection.run(Command([Word("printf"), "%s|"] + texts.map { Word($0) }).asRoot())
                    #expect(said.text == texts.map { $0 + "|" }.joined())
                    #expect(try await connection.run(Command.script("if [ -n '!' ]; then id -un; fi").asRoot()).text == "root\n")
                    #expect(try await connection.run(Command("sh", "-c", "exit 7")).exit == .code(7))
                    #expect(try await connection.run(Command("sh", "-c", "sleep 60\n").within(.seconds(1))).exit == .code(124))
                    let path = sshd.folder.path("it's a \\file")
                    let written = try await connection.run(RemoteFile(path, "text", mode: 0o600, isSecret: true).write)
                    #expect(written == Output())
                    #expect(try await LocalProgram.run("stat", ["-c", "%a %U:%G", path]) == "600 root:root\n")
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
