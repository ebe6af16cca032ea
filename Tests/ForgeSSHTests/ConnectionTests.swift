import ForgeCore
import ForgeSSH
import ForgeTestSupport
import Glibc
import Synchronization
import Testing

@Suite("A connection")
struct ConnectionTests {
    @Test("to a port that nobody listens on says so")
    func refused() async throws {
        let port = try LoopbackServer.freePort()
        #expect(
            await problem(connectingTo: .local(port))?.description == """
                kubmaster: 127.0.0.1 port \(port) refuses the connection
                  why  nothing listens there: sshd does not run, or listens on another port
                  fix  on kubmaster: `systemctl status ssh` and `ss -tln`; another port is `ssh: port:` in the inventory
                """)
    }

    @Test("to a host that never says a word ends with the connect timeout")
    func silent() async throws {
        try await LoopbackServer.running(.silent) { port async throws in
            var options = SSHOptions.bare
            options.connectTimeout = .seconds(1)
            let problem = await problem(connectingTo: .local(port), options)
            #expect(problem?.kind == .unreachable)
            #expect(problem?.what == "kubmaster: 127.0.0.1 port \(port) did not complete the login within 1 s")
        }
    }

    @Test("to a host that cannot be reached says so")
    func noRoute() async throws {
        let host = Host(
            name: "far", address: IPv4Address("255.255.255.255")!, role: .worker, isSchedulable: true,
            access: .init(user: "root", keyPath: nil, knownHostsPath: "/nonexistent/known_hosts"))
        let problem = await problem(connectingTo: host)
        #expect(problem?.kind == .unreachable)
        #expect(problem?.what == "far: no route to 255.255.255.255 port 22")
    }

    @Test("that the host closes at once is given up after the fourth try")
    func closedAtOnce() async throws {
        let count = Atomic(0)
        let greet: @Sendable () -> String = {
            count.add(1, ordering: .relaxed)
            return ""
        }
        try await LoopbackServer.running(.greets(greet)) { port async throws in
            #expect(
                await problem(connectingTo: .local(port))
                    == Problem(
                        .unreachable,
                        what: "kubmaster: 127.0.0.1 port \(port) closed the connection before sending an SSH banner",
                        why:
                            """
                            it says nothing: something other than sshd listens there, or sshd has too many logins in \
                            progress (MaxStartups), or it bans this address
                            """,
                        fix: "on kubmaster: `ss -tlnp` and `journalctl -u ssh -n 20`"))
        }
        #expect(count.load(ordering: .relaxed) == 4)
    }

    @Test(
        "to a port that speaks something else shows what it says",
        arguments: ["HTTP/1.1 400 Bad Request", "Not allowed at this time"])
    func notSSH(words: String) async throws {
        try await LoopbackServer.running(.says("\(words)\r\n\r\n")) { port async throws in
            #expect(
                await problem(connectingTo: .local(port))
                    == Problem(
                        .unreachable,
                        what: "kubmaster: 127.0.0.1 port \(port) closed the connection before sending an SSH banner",
                        why: "it says: \(words)", fix: "on kubmaster: `ss -tlnp` and `journalctl -u ssh -n 20`"))
        }
    }

    @Test("that breaks while it is agreed on is not about algorithms")
    func brokenHandshake() async throws {
        try await LoopbackServer.running(.says("SSH-2.0-OpenSSH_9.9\r\n")) { port async throws in
            let problem = await problem(connectingTo: .local(port))
            #expect(problem?.what == "kubmaster: 127.0.0.1 port \(port) answers, but the SSH handshake failed")
            #expect(problem?.fix?.contains("algorithm") == false)
            #expect(
                problem?.fix?.hasSuffix("tells how far it gets, and on kubmaster: `journalctl -u ssh -n 20`") == true)
        }
    }

    @Test("to a host that wants algorithms that we have not says what those are")
    func noCommonAlgorithm() async throws {
        try await LoopbackSSHD.running(["Ciphers aes192-ctr"]) { sshd async throws in
            let problem = await problem(connectingTo: sshd.host())
            #expect(problem?.what == "kubmaster: 127.0.0.1 port \(sshd.port) has no algorithm in common with kubeforge")
            #expect(problem?.why?.contains("server [aes192-ctr]") == true, "\(problem?.description ?? "none")")
        }
    }

    @Test("can be given up while it is made")
    func cancelled() async throws {
        try await LoopbackServer.running(.silent) { port async throws in
            let task = Task { await problem(connectingTo: .local(port)) }
            task.cancel()
            #expect(await task.value == Problem(.interrupted, what: "kubmaster: the connection was given up"))
        }
    }

    @Test("that is closed runs nothing more, and may be closed again")
    func closed() async throws {
        try await LoopbackSSHD.running { sshd async throws in
            try await sshd.connected { connection async throws in
                await connection.close()
                await #expect(
                    throws: Problem(
                        .unreachable, what: "kubmaster: `true` was not run", why: "the connection is closed")
                ) { try await connection.run(Command("true")) }
            }
        }
    }

    @Test("leaves no file open behind", .timeLimit(.minutes(5)))
    func fileDescriptors() async throws {
        try await LoopbackSSHD.running { sshd async throws in
            try await SSHAgent.running(in: sshd.directory, keys: [sshd.keyPath]) { agent async throws in
                let options = SSHOptions(homeDirectory: "/nonexistent", agentSocket: agent.socket)
                var kept: [SSHConnection] = []
                for host in [sshd.host(), sshd.host(keyPath: .some(nil))] {
                    let connection = try await SSHConnection.open(to: host, options: options)
                    let socket = try #require(try await openFileOfThisProcess(connection, sshd))
                    _ = try await connection.run(Command("true"))
                    await connection.close()
                    #expect(readlink("/proc/self/fd/\(socket.number)") != socket.target)
                    kept.append(connection)
                }
                #expect(!connections(to: agent.socket))
            }
        }
    }

    /// The socket that goes to the sshd: other tests open files at the same time, so counting them says nothing.
    private func openFileOfThisProcess(_ connection: SSHConnection, _ sshd: LoopbackSSHD) async throws -> (
        number: Int, target: String
    )? {
        let source = try await connection.run(.shell("echo $SSH_CONNECTION")).text.split(separator: " ")
        let port = try #require(UInt16(source[1]))
        for number in 0..<1024 {
            var name = sockaddr_in()
            var length = socklen_t(MemoryLayout<sockaddr_in>.size)
            let code = withUnsafeMutablePointer(to: &name) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(CInt(number), $0, &length) }
            }
            if code == 0, name.sin_family == sa_family_t(AF_INET), UInt16(bigEndian: name.sin_port) == port {
                return (number, readlink("/proc/self/fd/\(number)"))
            }
        }
        return nil
    }

    private func connections(to path: String) -> Bool {
        (0..<1024).contains { number in
            var name = sockaddr_un()
            var length = socklen_t(MemoryLayout<sockaddr_un>.size)
            let code = withUnsafeMutablePointer(to: &name) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getpeername(CInt(number), $0, &length) }
            }
            guard code == 0, name.sun_family == sa_family_t(AF_UNIX) else { return false }
            return withUnsafeBytes(of: name.sun_path) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) } == path
        }
    }

    private func readlink(_ path: String) -> String {
        var buffer = [UInt8](repeating: 0, count: 256)
        let length = buffer.withUnsafeMutableBytes { Glibc.readlink(path, $0.baseAddress!, $0.count) }
        return String(decoding: buffer.prefix(max(0, length)), as: UTF8.self)
    }
}

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
                                "sh", "-c", "cd \(sshd.directory.path.shellQuoted); \(meet)", "sh", Word("\(number)"))
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
            let options = SSHOptions(homeDirectory: sshd.directory.path, acceptNewHostKeys: { _ in })
            let host = sshd.host(knownHostsPath: "~/fleet")
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 1...10 { group.addTask { try await sshd.connected(as: host, options) { _ in } } }
                for try await _ in group {}
            }
            #expect(try sshd.directory.text("fleet") == "\(sshd.name) \(sshd.hostKey(.ed25519))\n")
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
