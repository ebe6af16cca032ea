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
                    #expect(
                        try await connection.run(Command("printf", "%s|", "it's", "$(id)", "-n").asRoot()).text
                            == "it's|$(id)|-n|")
                    #expect(
                        try await connection.run(Command.script("cat /etc/shadow > /dev/null && echo read").asRoot())
                            .text == "read\n")
                    #expect(try await connection.run(.shell("kill -TERM $$").asRoot()).exit != .code(0))
                    #expect(
                        try await connection.run(Command("sleep", "60").asRoot().within(.seconds(1))).exit == .code(124)
                    )
                }
            }
        }
    }

    /// Those of this computer that read quotes otherwise than POSIX shells, or more in a word than they do.
    private static let shells = ["/usr/bin/fish", "/bin/tcsh", "/usr/bin/zsh"].filter(
        FileManager.default.isExecutableFile)

    @Test("may have a login shell that is none of POSIX", arguments: shells)
    func otherShells(shell: String) async throws {
        try await OrdinaryUser.during(shell: shell) { user async throws in
            try await LoopbackSSHD.running { sshd async throws in
                try await sshd.connected(as: sshd.host(user: user.name)) { connection async throws in
                    let texts = ["it's", "a\\", "\\'", "!", "a\nb", "$HOME", "{a,b}", "=ls", "~"]
                    let said = try await connection.run(
                        Command([Word("printf"), "%s|"] + texts.map { Word($0) }).asRoot())
                    #expect(said.text == texts.map { $0 + "|" }.joined())
                    #expect(
                        try await connection.run(Command.script("if [ -n '!' ]; then id -un; fi").asRoot()).text
                            == "root\n")
                    #expect(try await connection.run(Command("sh", "-c", "exit 7")).exit == .code(7))
                    #expect(
                        try await connection.run(Command("sh", "-c", "sleep 60\n").within(.seconds(1))).exit
                            == .code(124))
                    let path = sshd.directory.path("it's a \\file")
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
                    let path = sshd.directory.path("file")
                    #expect(
                        try await connection.run(
                            RemoteFile(path, "text", mode: 0o644, owner: "root:root", isSecret: true).write)
                            == Output())
                    #expect(try await LocalProgram.run("stat", ["-c", "%a %U:%G", path]) == "644 root:root\n")
                }
            }
        }
    }

    /// systemd's words, while it starts.
    private static let booting =
        "System is booting up. Unprivileged users are not permitted to log in yet. Please come back later."

    @Test(
        "is let in by a host that has come up meanwhile, and else sees what the host says",
        arguments: [booting, "Back at noon."])
    func nologin(words: String) async throws {
        try await OrdinaryUser.during { user async throws in
            try await PAMService.during { name, nologin async throws in
                try await LoopbackSSHD.running(["UsePAM yes"], named: name) { sshd async throws in
                    let host = sshd.host(user: user.name)
                    try await sshd.connected(as: host) { _ in }
                    try words.write(toFile: nologin, atomically: true, encoding: .utf8)
                    let problem = await problem(connectingTo: host, .made(connectTimeout: .seconds(2)))
                    #expect(problem?.kind == .unreachable)
                    #expect(
                        problem?.what
                            == """
                            kubmaster: 127.0.0.1 port \(sshd.port) closed the connection during the login of \
                            \(user.name)
                            """
                    )
                    #expect(problem?.why == "it says: \(words)")
                    #expect(
                        problem?.fix?.hasPrefix(
                            "on kubmaster: `journalctl -u ssh -n 20`, and `ls -l /run/nologin /etc/nologin`; ") == true)
                    guard words == Self.booting else { return }
                    let refusals = sshd.log.split(separator: "by PAM account configuration").count
                    async let connected: Void = sshd.connected(as: host, .made(connectTimeout: .seconds(600))) { _ in }
                    while sshd.log.split(separator: "by PAM account configuration").count == refusals {
                        try await Task.sleep(for: .milliseconds(5))
                    }
                    try FileManager.default.removeItem(atPath: nologin)
                    try await connected
                }
            }
        }
    }
}

/// A service of PAM's that lets everybody in but when its own nologin file is there.
private enum PAMService {
    static func during(_ body: (_ name: String, _ nologin: String) async throws -> Void) async throws {
        try await TemporaryDirectory.during { directory in
            let (name, nologin) = ("kubeforge-test-\(getpid())", directory.path("nologin"))
            let rules = [
                "auth required pam_permit.so", "account requisite pam_nologin.so file=\(nologin)",
                "account required pam_permit.so",
                "session required pam_permit.so",
            ]
            try rules.joined(separator: "\n").appending("\n").write(
                toFile: "/etc/pam.d/\(name)", atomically: true, encoding: .utf8)
            defer { try? FileManager.default.removeItem(atPath: "/etc/pam.d/\(name)") }
            try await body(name, nologin)
        }
    }
}
