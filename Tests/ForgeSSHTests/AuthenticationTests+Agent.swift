import ForgeCore
import ForgeSSH
import ForgeTestSupport
import Testing

/// With ssh-agent, whose keys may be many, locked in a file, or never come.
extension AuthenticationTests {
    @Test("works with ssh-agent where the inventory names no key")
    func agent() async throws {
        try await LoopbackSSHD.running { sshd async throws in
            let other = sshd.directory.path("other")
            try await LoopbackSSHD.makeKey(other)
            try await SSHAgent.running(in: sshd.directory, keys: [other, sshd.keyPath]) { agent async throws in
                let options = SSHOptions(homeDirectory: "/nonexistent", agentSocket: agent.socket)
                try await sshd.connected(as: sshd.host(keyPath: .some(nil)), options) { _ in }
            }
        }
    }

    /// As ssh does: an agent often has a key for something else and no more.
    @Test("takes the usual key files where the agent's keys are refused")
    func foreignAgent() async throws {
        try await LoopbackSSHD.running { sshd async throws in
            let github = sshd.directory.path("github")
            try await LoopbackSSHD.makeKey(github)
            let options = try await Self.home(in: sshd, usual: sshd.keyPath)
            try await SSHAgent.running(in: sshd.directory, keys: [github]) { agent async throws in
                try await sshd.connected(as: sshd.host(keyPath: .some(nil)), options(agent.socket)) { _ in }
            }
        }
    }

    @Test("shows each key once, and the usual ones of a full agent first")
    func onceEach() async throws {
        try await LoopbackSSHD.running(["MaxAuthTries 3"]) { sshd async throws in
            let others = (1...3).map { sshd.directory.path("other\($0)") }
            for key in others { try await LoopbackSSHD.makeKey(key) }
            let host = sshd.host(keyPath: .some(nil))
            let options = try await Self.home(in: sshd, usual: sshd.keyPath)
            try await SSHAgent.running(in: sshd.directory, keys: others + [sshd.keyPath]) { agent async throws in
                try await sshd.connected(as: host, options(agent.socket)) { _ in }
            }
            let refused = try await Self.home(in: sshd, usual: others[0])
            try await SSHAgent.running(in: sshd.directory, keys: [others[1], others[0]]) { agent async throws in
                #expect(
                    await problem(connectingTo: host, refused(agent.socket))?.why
                        == "tried other1 (of ssh-agent), other2 (of ssh-agent); the host accepts publickey")
            }
        }
    }

    @Test("names a usual key file that has a passphrase and is not in the agent")
    func lockedUsual() async throws {
        try await LoopbackSSHD.running { sshd async throws in
            let github = sshd.directory.path("github")
            let locked = sshd.directory.path("locked")
            try await LoopbackSSHD.makeKey(github)
            try await LoopbackSSHD.makeKey(locked, passphrase: "correct horse")
            let options = try await Self.home(in: sshd, usual: locked)
            let host = sshd.host(keyPath: .some(nil))
            let usual = sshd.directory.path("locked-home/.ssh/id_ed25519")
            try await SSHAgent.running(in: sshd.directory, keys: [github]) { agent async throws in
                let problem = await problem(connectingTo: host, options(agent.socket))
                #expect(
                    problem?.why
                        == """
                        tried github (of ssh-agent); not \(usual), which has a passphrase; the host accepts publickey
                        """)
                #expect(problem?.fix?.hasPrefix("`ssh-add \(usual)`, or `ssh-copy-id ") == true)
            }
            try await SSHAgent.running(in: sshd.directory) { agent async throws in
                #expect(
                    await problem(connectingTo: host, options(agent.socket))?.why
                        == "kubeforge does not prompt for it, and ssh-agent does not hold this key")
            }
        }
    }

    /// A home directory with this key as ~/.ssh/id_ed25519, and an agent at the socket.
    private static func home(in sshd: LoopbackSSHD, usual key: String) async throws
        -> @Sendable (_ socket: String) -> SSHOptions
    {
        let name = String(key.split(separator: "/").last ?? "")
        let home = sshd.directory.path("\(name)-home")
        try await LocalProgram.run("mkdir", ["-p", "\(home)/.ssh"])
        try await LocalProgram.run("cp", ["-p", key, "\(home)/.ssh/id_ed25519"])
        return { SSHOptions(homeDirectory: home, agentSocket: $0) }
    }

    @Test("with a key file is not disturbed by an agent full of other keys")
    func fullAgent() async throws {
        try await LoopbackSSHD.running(["MaxAuthTries 2"]) { sshd async throws in
            let others = (1...7).map { sshd.directory.path("other\($0)") }
            for key in others { try await LoopbackSSHD.makeKey(key) }
            try await SSHAgent.running(in: sshd.directory, keys: others) { agent async throws in
                try await sshd.connected(SSHOptions(homeDirectory: "/nonexistent", agentSocket: agent.socket)) { _ in }
            }
        }
    }

    @Test("names the keys of an agent that the host does not want")
    func deniedAgent() async throws {
        try await LoopbackSSHD.running { sshd async throws in
            let keys = [sshd.directory.path("one"), sshd.directory.path("two")]
            for key in keys { try await LoopbackSSHD.makeKey(key) }
            try await SSHAgent.running(in: sshd.directory, keys: keys) { agent async throws in
                let options = SSHOptions(homeDirectory: "/nonexistent", agentSocket: agent.socket)
                let problem = await problem(connectingTo: sshd.host(keyPath: .some(nil)), options)
                #expect(problem?.why == "tried one (of ssh-agent), two (of ssh-agent); the host accepts publickey")
            }
        }
    }

    @Test("with too many keys of an agent says to name the right one")
    func tooManyKeys() async throws {
        try await LoopbackSSHD.running(["MaxAuthTries 2"]) { sshd async throws in
            let others = (1...4).map { sshd.directory.path("other\($0)") }
            for key in others { try await LoopbackSSHD.makeKey(key) }
            try await SSHAgent.running(in: sshd.directory, keys: others + [sshd.keyPath]) { agent async throws in
                let problem = await problem(connectingTo: sshd.host(keyPath: .some(nil)), .made(agent: agent.socket))
                #expect(
                    problem?.what
                        == "kubmaster: 127.0.0.1 port \(sshd.port) was shown too many keys before the one that it knows"
                )
                #expect(problem?.why?.contains("Too many authentication failures") == true)
                #expect(
                    problem?.fix == "name the key in the inventory, `ssh: key:`, and no other of ssh-agent is shown")
            }
        }
    }

    @Test("with a key that has a passphrase takes it from the agent, or says ssh-add")
    func passphrase() async throws {
        try await LoopbackSSHD.running { sshd async throws in
            let key = sshd.directory.path("locked")
            try await LoopbackSSHD.makeKey(key, passphrase: "correct horse")
            try sshd.directory.write("authorized_keys", sshd.directory.text("locked.pub"))
            let host = sshd.host(keyPath: key)
            #expect(
                await problem(connectingTo: host)
                    == Problem(
                        .unreachable, what: "kubmaster: the key file \(key) has a passphrase",
                        why: "kubeforge does not prompt for it, and there is no ssh-agent",
                        fix: "`eval $(ssh-agent); ssh-add \(key)`, and run this again in the same terminal"))
            try await SSHAgent.running(in: sshd.directory, keys: [sshd.keyPath]) { agent async throws in
                let options = SSHOptions.made(agent: agent.socket)
                #expect(
                    await problem(connectingTo: host, options)
                        == Problem(
                            .unreachable, what: "kubmaster: the key file \(key) has a passphrase",
                            why: "kubeforge does not prompt for it, and ssh-agent does not hold this key",
                            fix: "`ssh-add \(key)`, and run this again in the same terminal"))
                try await agent.add(key, passphrase: "correct horse", sshd.directory)
                try await sshd.connected(as: host, options) { _ in }
                try sshd.directory.write("authorized_keys", "")
                #expect(
                    await problem(connectingTo: host, options)?.why
                        == "tried \(key) (of ssh-agent); the host accepts publickey")
            }
        }
    }

    @Test("with a key that has a passphrase shows no other key of a full agent", arguments: ["OpenSSH", "PEM"])
    func passphraseAndFullAgent(format: String) async throws {
        try await LoopbackSSHD.running(["MaxAuthTries 2"]) { sshd async throws in
            let key = sshd.directory.path("locked")
            let options = format == "PEM" ? ["-m", "PEM", "-t", "rsa", "-b", "2048"] : ["-t", "ed25519"]
            try await LocalProgram.run("ssh-keygen", ["-q", "-N", "correct horse", "-C", "own", "-f", key] + options)
            try sshd.directory.write("authorized_keys", sshd.directory.text("locked.pub"))
            let others = (1...4).map { sshd.directory.path("other\($0)") }
            for other in others { try await LoopbackSSHD.makeKey(other) }
            try await SSHAgent.running(in: sshd.directory, keys: others) { agent async throws in
                try await agent.add(key, passphrase: "correct horse", sshd.directory)
                try await sshd.connected(as: sshd.host(keyPath: key), .made(agent: agent.socket)) { _ in }
                // The comment is no part of the key.
                let words = try sshd.directory.text("locked.pub").split(separator: " ").prefix(2)
                try sshd.directory.write("locked.pub", words.joined(separator: " ") + "\n")
                try await sshd.connected(as: sshd.host(keyPath: key), .made(agent: agent.socket)) { _ in }
                try await LocalProgram.run("rm", ["\(key).pub"])
                guard format == "PEM" else {
                    // OpenSSH's format has the public half in the same file.
                    try await sshd.connected(as: sshd.host(keyPath: key), .made(agent: agent.socket)) { _ in }
                    return
                }
                for half in [nil, "ssh-rsa\n"] {
                    if let half { try sshd.directory.write("locked.pub", half) }
                    let problem = await problem(connectingTo: sshd.host(keyPath: key), .made(agent: agent.socket))
                    #expect(
                        problem?.why
                            == """
                            kubeforge does not prompt for it, and without \(key).pub it cannot tell which key of \
                            ssh-agent this is
                            """
                    )
                    #expect(problem?.fix == "`ssh-keygen -yf \(key) > \(key).pub`, and `ssh-add \(key)`")
                }
            }
        }
    }

    /// How an agent that says nothing is met.
    enum Silence: String, CaseIterable { case full, silent, signing, lockedKey }

    @Test(
        "does not wait longer than the connect timeout for an agent that does not answer", arguments: Silence.allCases)
    func silentAgent(_ silence: Silence) async throws {
        try await LoopbackSSHD.running { sshd async throws in
            try await withMuteAgent(silence, sshd) { host, agent in
                #expect(
                    await problem(connectingTo: host, .made(agent: agent.socket, connectTimeout: .seconds(3)))
                        == Problem(
                            .unreachable, what: "kubmaster: ssh-agent at \(agent.socket) did not answer within 3 s",
                            why:
                                """
                                it may be stopped, wait for a PIN or a confirmation, or be that of another computer \
                                that sleeps
                                """,
                            fix:
                                """
                                `timeout 5 ssh-add -l` tries the same; without it: `ssh: key:` in the inventory names \
                                a key file
                                """
                        ))
            }
        }
    }

    @Test(
        "can be given up while an agent does not answer", .timeLimit(.minutes(5)),
        arguments: [Silence.silent, .signing])
    func givenUp(_ silence: Silence) async throws {
        try await LoopbackSSHD.running { sshd async throws in
            try await withMuteAgent(silence, sshd) { host, agent in
                let options = SSHOptions.made(agent: agent.socket, connectTimeout: .seconds(3600))
                let task = Task { await problem(connectingTo: host, options) }
                for await _ in agent.isAsked {}
                task.cancel()
                #expect(await task.value == Problem(.interrupted, what: "kubmaster: the connection was given up"))
            }
        }
    }

    private func withMuteAgent(_ silence: Silence, _ sshd: LoopbackSSHD, _ body: (Host, MuteAgent) async throws -> Void)
        async throws
    {
        switch silence {
        case .full, .silent:
            try await MuteAgent.running(silence == .full ? .full : .silent, in: sshd.directory) {
                try await body(sshd.host(keyPath: .some(nil)), $0)
            }
        case .signing:
            try await SSHAgent.running(in: sshd.directory, keys: [sshd.keyPath]) { real async throws in
                try await MuteAgent.running(.signsNothing(real), in: sshd.directory) {
                    try await body(sshd.host(keyPath: .some(nil)), $0)
                }
            }
        case .lockedKey:
            try await LoopbackSSHD.makeKey(sshd.directory.path("locked"), passphrase: "correct horse")
            try await MuteAgent.running(.silent, in: sshd.directory) {
                try await body(sshd.host(keyPath: sshd.directory.path("locked")), $0)
            }
        }
    }
}
