import ForgeCore
import ForgeSSH
import ForgeTestSupport
import Foundation
import Synchronization
import Testing

@Suite("A command over SSH")
struct CommandTests {
    @Test("brings both streams, its exit code and its lines while it runs")
    func streams() async throws {
        try await LoopbackSSHD.running { sshd async throws in
            try await sshd.connected { connection async throws in
                let lines = Mutex<[OutputLine]>([])
                let script = "echo one; echo two >&2; sleep 0.1; printf three; exit 7"
                let output = try await connection.run(.shell(script)) { line in lines.withLock { $0.append(line) } }
                #expect(
                    output
                        == Output(
                            standardOutput: Array("one\nthree".utf8), standardError: Array("two\n".utf8), exit: .code(7)
                        ))
                let heard = lines.withLock { $0 }
                #expect(heard.filter { $0.stream == .standardOutput }.map(\.text) == ["one", "three"])
                #expect(heard.filter { $0.stream == .standardError }.map(\.text) == ["two"])
                #expect(heard.last?.text == "three")
            }
        }
    }

    @Test("that is killed by a signal says which")
    func signal() async throws {
        try await LoopbackSSHD.running { sshd async throws in
            try await sshd.connected { connection async throws in
                #expect(try await connection.run(.shell("kill -KILL $$")).exit == .signal("KILL"))
            }
        }
    }

    @Test(
        "gets its arguments as they are",
        arguments: [
            "it's", "$(id)", "`id`", "a\nb", "-n", "--", "", "*", "~", "\\", "\"", "é 漢 🙂", "a=b", "!!", "#", "a;b|c&d",
        ])
    func quoting(word: String) async throws {
        try await LoopbackSSHD.running { sshd async throws in
            try await sshd.connected { connection async throws in
                let output = try await connection.run(Command("printf", "%s|", Word(word), "end"))
                #expect(output.text == "\(word)|end|")
            }
        }
    }

    @Test("with a zero byte in it is not sent at all, rather than its first half")
    func zeroByte() async throws {
        try await LoopbackSSHD.running { sshd async throws in
            try await sshd.connected { connection async throws in
                let problem = await #expect(throws: Problem.self) { try await connection.run(Command("echo", "a\0b")) }
                #expect(problem?.why == "an argument of it contains a NUL byte")
            }
        }
    }

    @Test("reads 10 MB and gives them back")
    func input() async throws {
        try await LoopbackSSHD.running { sshd async throws in
            try await sshd.connected { connection async throws in
                let bytes = (0..<10_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31 ^ $0 >> 8) }
                let output = try await connection.run(Command("sha256sum").reading(.bytes(bytes)))
                #expect(output.text == "\(SHA256.hex(bytes))  -\n")
                let file = sshd.directory.path("back")
                #expect(
                    try await connection.run(Command("cat").reading(.secret(bytes)).writing(toFile: file)).isSuccess)
                #expect(try await LocalProgram.run("sha256sum", [file]).hasPrefix(SHA256.hex(bytes)))
                #expect(
                    await connection.traffic
                        == Traffic(roundTrips: 2, bytesSent: 20_000_000, bytesReceived: 10_000_000 + 68))
            }
        }
    }

    @Test("fills a file of this computer up to its limit, and no further")
    func outputLimit() async throws {
        try await LoopbackSSHD.running { sshd async throws in
            try await sshd.connected { connection async throws in
                let file = sshd.directory.path("back")
                let endless = Command("sh", "-c", "yes").writing(toFile: file, atMost: 1 << 20).within(.seconds(20))
                let problem = await #expect(throws: Problem.self) { try await connection.run(endless) }
                #expect("\(try #require(problem))".contains("more arrived than it may hold"))
                #expect(try #require(FileManager.default.attributesOfItem(atPath: file)[.size] as? Int) <= 1 << 20)
                let full = Command("head", "-c", "1048576", "/dev/zero").writing(toFile: file, atMost: 1_048_576)
                #expect(try await connection.run(full).isSuccess)
                #expect(try FileManager.default.attributesOfItem(atPath: file)[.size] as? Int == 1_048_576)
            }
        }
    }

    @Test("reads a file of this computer, and says when there is none")
    func inputFile() async throws {
        try await LoopbackSSHD.running { sshd async throws in
            try await sshd.connected { connection async throws in
                let file = try sshd.directory.write("in", String(repeating: "0123456789abcdef", count: 100_000))
                #expect(try await connection.run(Command("wc", "-c").reading(.file(file))).text == "1600000\n")
                let missing = sshd.directory.path("missing")
                let problem = await #expect(throws: Problem.self) {
                    try await connection.run(Command("cat").reading(.file(missing)))
                }
                #expect(
                    problem?.description == """
                        kubmaster: `cat` did not finish, because of \(missing) here
                          why  No such file or directory
                          fix  `ls -l \(missing)`
                        """)
                let pipe = sshd.directory.path("pipe")
                try await LocalProgram.run("mkfifo", [pipe])
                for command in [Command("cat").reading(.file(pipe)), Command("true").writing(toFile: pipe)] {
                    let problem = await #expect(throws: Problem.self) { try await connection.run(command) }
                    #expect(problem?.why == "it is a pipe or a socket, not a file")
                }
                #expect(try await connection.run(Command("true")).isSuccess)
            }
        }
    }

    @Test("that does not read what it is given ends all the same")
    func unreadInput() async throws {
        try await LoopbackSSHD.running { sshd async throws in
            try await sshd.connected { connection async throws in
                let output = try await connection.run(
                    Command("false").reading(.bytes([UInt8](repeating: 65, count: 5_000_000))))
                #expect(output.exit == .code(1))
                #expect(try await connection.run(Command("true")).isSuccess)
            }
        }
    }

    @Test("may print 4 MB on standard error while it reads", .timeLimit(.minutes(5)))
    func bigStandardError() async throws {
        try await LoopbackSSHD.running { sshd async throws in
            try await sshd.connected { connection async throws in
                let script = "head -c 4000000 /dev/zero | tr '\\0' x >&2; cat"
                let output = try await connection.run(
                    .shell(script).reading(.bytes([UInt8](repeating: 66, count: 3_000_000))))
                #expect(output.standardError.count == 4_000_000)
                #expect(output.standardOutput.count == 3_000_000)
            }
        }
    }

    @Test("keeps characters whole that arrive in two pieces")
    func splitCharacters() async throws {
        try await LoopbackSSHD.running { sshd async throws in
            try await sshd.connected { connection async throws in
                let lines = Mutex<[String]>([])
                let script =
                    "printf '\\342\\202'; sleep 0.1; printf '\\254 \\360\\237'; sleep 0.1; printf '\\231\\202\\n'"
                _ = try await connection.run(.shell(script)) { line in lines.withLock { $0.append(line.text) } }
                #expect(lines.withLock { $0 } == ["€ 🙂"])
            }
        }
    }

    @Test("survives new keys in the middle of its bytes")
    func rekeying() async throws {
        try await LoopbackSSHD.running(["RekeyLimit 1M"]) { sshd async throws in
            try await sshd.connected { connection async throws in
                let bytes = [UInt8](repeating: 67, count: 8_000_000)
                #expect(try await connection.run(Command("cat").reading(.bytes(bytes))).standardOutput == bytes)
            }
        }
    }
}
