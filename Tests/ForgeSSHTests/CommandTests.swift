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

    @Test("that leaves a child with its output open is over when it is over itself")
    func background() async throws {
        try await LoopbackSSHD.running { sshd async throws in
            try await sshd.connected { connection async throws in
                let output = try await connection.run(.shell("echo started; sleep 60 & exit 3"))
                #expect(output == Output(standardOutput: Array("started\n".utf8), exit: .code(3)))
            }
        }
    }

    @Test("that takes too long is ended on the host, and the code is 124")
    func timeLimit() async throws {
        try await LoopbackSSHD.running { sshd async throws in
            try await sshd.connected { connection async throws in
                #expect(
                    try await connection.run(.shell("echo before; exec sleep 60").within(.seconds(1)))
                        == Output(standardOutput: Array("before\n".utf8), exit: .code(124)))
            }
        }
    }

    @Test("that the host does not end is given up here")
    func deadline() async throws {
        try await LoopbackSSHD.running { sshd async throws in
            var options = SSHOptions.bare
            options.deadline = .milliseconds(500)
            try await sshd.connected(options) { connection async throws in
                let problem = await #expect(throws: Problem.self) {
                    try await connection.run(.shell("trap '' TERM; sleep 60; sleep 60").within(.seconds(1)))
                }
                #expect(
                    problem?.what
                        == """
                        kubmaster: `sh -c 'trap '\\'''\\'' TERM; sleep 60; sleep 60'` did not end within its time \
                        limit of 1 s
                        """
                )
                #expect(try await connection.run(Command("true")).isSuccess)
            }
        }
    }

    @Test("that is cancelled is no longer waited for, and the next one works", .timeLimit(.minutes(5)))
    func cancellation() async throws {
        try await LoopbackSSHD.running { sshd async throws in
            // Nothing but the cancellation wakes this connection up.
            var options = SSHOptions.bare
            options.keepalive = .seconds(3600)
            try await sshd.connected(options) { connection async throws in
                let (started, continuation) = AsyncStream.makeStream(of: String.self)
                let task = Task {
                    try await connection.run(.shell("echo started; exec sleep 600")) { continuation.yield($0.text) }
                }
                for await _ in started { break }
                // By now it waits for the network.
                try await sshd.connected { other in _ = try await other.run(Command("sleep", "0.2")) }
                task.cancel()
                await #expect(throws: CancellationError.self) { try await task.value }
                #expect(try await connection.run(Command("echo", "next")).text == "next\n")
            }
        }
    }

    @Test("that is cancelled while it sends is no longer waited for", .timeLimit(.minutes(5)))
    func cancelledInput() async throws {
        try await LoopbackSSHD.running { sshd async throws in
            try await sshd.connected { connection async throws in
                let (started, continuation) = AsyncStream.makeStream(of: String.self)
                let task = Task {
                    let bytes = [UInt8](repeating: 65, count: 20_000_000)
                    return try await connection.run(.shell("echo started; exec sleep 60").reading(.bytes(bytes))) {
                        continuation.yield($0.text)
                    }
                }
                for await _ in started { break }
                task.cancel()
                await #expect(throws: CancellationError.self) { try await task.value }
                #expect(try await connection.run(Command("echo", "next")).text == "next\n")
            }
        }
    }

    @Test("waits for its turn, and never starts when it is cancelled before that")
    func turns() async throws {
        try await LoopbackSSHD.running { sshd async throws in
            try await sshd.connected { connection async throws in
                let (started, continuation) = AsyncStream.makeStream(of: String.self)
                let mark = sshd.directory.path("mark")
                let first = Task {
                    try await connection.run(.shell("echo started; until test -e \(mark); do sleep 0.02; done")) {
                        continuation.yield($0.text)
                    }
                }
                for await _ in started { break }
                let second = Task { try await connection.run(Command("touch", Word(sshd.directory.path("second")))) }
                second.cancel()
                try sshd.directory.write("mark", "")
                #expect(try await first.value.isSuccess)
                await #expect(throws: CancellationError.self) { try await second.value }
                #expect(throws: (any Error).self) { try sshd.directory.text("second") }
            }
        }
    }

    @Test("on a connection that breaks is named, and later ones fail cleanly")
    func lost() async throws {
        try await LoopbackSSHD.running { sshd async throws in
            try await sshd.connected { connection async throws in
                let problem = await #expect(throws: Problem.self) {
                    try await connection.run(.shell("echo started; exec sleep 60")) { _ in sshd.endConnections() }
                }
                #expect(problem?.kind == .unreachable)
                #expect(
                    problem?.what == "kubmaster: the connection was lost with `sh -c 'echo started; exec sleep 60'`")
                let next = await #expect(throws: Problem.self) { try await connection.run(Command("uptime")) }
                #expect(next?.what == "kubmaster: the connection was lost with `uptime`")
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

    @Test("leaves its session to the next, of which the host allows one at a time")
    func sessions() async throws {
        try await LoopbackSSHD.running(["MaxSessions 1"]) { sshd async throws in
            try await sshd.connected { connection async throws in
                for number in 1...20 {
                    #expect(try await connection.run(Command("echo", Word("\(number)"))).text == "\(number)\n")
                }
            }
        }
    }

    @Test("on a host that allows no sessions says which setting that is")
    func noSessions() async throws {
        try await LoopbackSSHD.running(["MaxSessions 0"]) { sshd async throws in
            try await sshd.connected { connection async throws in
                let problem = await #expect(throws: Problem.self) { try await connection.run(Command("true")) }
                #expect(problem?.what == "kubmaster: the host does not start `true`")
                #expect(problem?.fix == "on kubmaster: `sshd -T | grep -i -e maxsessions -e forcecommand`")
            }
        }
    }

    @Test("finds a connection alive that nobody used while the host asked for it")
    func idle() async throws {
        try await LoopbackSSHD.running(["ClientAliveInterval 1", "ClientAliveCountMax 2"]) { sshd async throws in
            var options = SSHOptions.bare
            options.keepalive = .milliseconds(200)
            try await sshd.connected(options) { idle in
                // The host is the clock: this one is used all the time, the other one is not.
                try await sshd.connected(options) { busy in _ = try await busy.run(Command("sleep", "6")) }
                #expect(try await idle.run(Command("echo", "alive")).text == "alive\n")
            }
        }
    }
}
