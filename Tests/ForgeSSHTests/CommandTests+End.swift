import ForgeCore
import ForgeSSH
import ForgeTestSupport
import Testing

/// How it ends: by itself, by its time limit, by who waits for it, or with its connection.
extension CommandTests {
    @Test("that leaves a child with its output open is over when it is over itself")
    func background() async throws {
        try await LoopbackSSHD.running { sshd async throws in
            // Nothing but the silence itself ends the wait.
            var options = SSHOptions.bare
            options.keepalive = .seconds(3600)
            try await sshd.connected(options) { connection async throws in
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

    @Test("on a connection that breaks while it sends is named, too", .timeLimit(.minutes(5)))
    func lostInput() async throws {
        try await LoopbackSSHD.running { sshd async throws in
            try await sshd.connected { connection async throws in
                let bytes = [UInt8](repeating: 65, count: 20_000_000)
                let command = Command.shell("echo started; exec sleep 60").reading(.bytes(bytes))
                let problem = await #expect(throws: Problem.self) {
                    try await connection.run(command) { _ in sshd.endConnections() }
                }
                #expect(
                    problem?.what == "kubmaster: the connection was lost with `sh -c 'echo started; exec sleep 60'`")
            }
        }
    }

    @Test("leaves its session to the next, of which the host allows one at a time")
    func sessions() async throws {
        try await LoopbackSSHD.running(["MaxSessions 1"]) { sshd async throws in
            try await sshd.connected { connection async throws in
                let began = ContinuousClock.now
                for number in 1...20 {
                    #expect(try await connection.run(Command("echo", Word("\(number)"))).text == "\(number)\n")
                }
                // Each is over when the host says so, and not when nothing has come for a while.
                let took = ContinuousClock.now - began
                #expect(took < Duration.seconds(40))
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
                try await sshd.connected(options) { busy async throws in
                    #expect(try await busy.run(Command("sleep", "6")).isSuccess)
                }
                #expect(try await idle.run(Command("echo", "alive")).text == "alive\n")
            }
        }
    }
}
