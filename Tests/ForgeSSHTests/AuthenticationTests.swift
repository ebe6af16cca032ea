import ForgeCore
import ForgeSSH
import ForgeTestSupport
import Testing

@Suite("A login")
struct AuthenticationTests {
    @Test("works with a key file of each type", arguments: LoopbackSSHD.KeyType.allCases)
    func keyFile(type: LoopbackSSHD.KeyType) async throws {
        try await LoopbackSSHD.running { sshd async throws in
            let key = sshd.directory.path("own")
            try await LoopbackSSHD.makeKey(key, type)
            try sshd.directory.write("authorized_keys", sshd.directory.text("own.pub"))
            try await sshd.connected(as: sshd.host(keyPath: key)) { connection async throws in
                #expect(try await connection.run(Command("id", "-un")).text == "\(sshd.host().access.user)\n")
            }
        }
    }

    @Test("finds a key file below the home directory")
    func homeDirectory() async throws {
        try await LoopbackSSHD.running { sshd async throws in
            let host = sshd.host(keyPath: "~/key", knownHostsPath: "~/known_hosts")
            try await sshd.connected(as: host, SSHOptions(homeDirectory: sshd.directory.path)) { _ in }
        }
    }

    @Test("takes the usual key files where there is no agent")
    func defaultFiles() async throws {
        try await LoopbackSSHD.running { sshd async throws in
            try await LocalProgram.run("mkdir", [sshd.directory.path(".ssh")])
            try await LoopbackSSHD.makeKey(sshd.directory.path(".ssh/id_ed25519"), .ed25519)
            try await LocalProgram.run("cp", ["-p", sshd.keyPath, sshd.directory.path(".ssh/id_ecdsa")])
            let options = SSHOptions(homeDirectory: sshd.directory.path, agentSocket: "/nonexistent/agent")
            try await sshd.connected(as: sshd.host(keyPath: .some(nil)), options) { _ in }
        }
    }

    @Test("says which keys were tried and what the host accepts")
    func denied() async throws {
        try await LoopbackSSHD.running(["PasswordAuthentication yes", "AuthenticationMethods publickey password"]) {
            sshd async throws in
            let key = sshd.directory.path("own")
            try await LoopbackSSHD.makeKey(key)
            let fingerprint = try await LocalProgram.run("ssh-keygen", ["-lf", key]).split(separator: " ")[1]
            let user = sshd.host().access.user
            #expect(
                await problem(connectingTo: sshd.host(keyPath: key))?.description == """
                    kubmaster: 127.0.0.1 port \(sshd.port) refuses the login of \(user)
                      why  tried \(key) (ssh-ed25519 \(fingerprint)); the host accepts publickey, password
                      fix  `ssh-copy-id -i \(key) -p \(sshd.port) \(user)@127.0.0.1`; `ssh -F none -v -i \(key) -p \
                    \(sshd.port) \(user)@127.0.0.1` tells more
                    """)
        }
    }

    @Test("to a host that wants passwords says so")
    func passwordOnly() async throws {
        try await LoopbackSSHD.running(["PasswordAuthentication yes", "PubkeyAuthentication no"]) { sshd async throws in
            #expect(await problem(connectingTo: sshd.host())?.why?.hasSuffix("the host accepts password") == true)
        }
    }

    @Test("without any key says where keys may come from")
    func noKey() async throws {
        try await LoopbackSSHD.running { sshd async throws in
            let host = sshd.host(keyPath: .some(nil))
            #expect(
                await problem(connectingTo: host)
                    == Problem(
                        .unreachable, what: "kubmaster: no SSH key is available",
                        why: "$SSH_AUTH_SOCK is not set, and ~/.ssh has none of id_ed25519, id_ecdsa and id_rsa",
                        fix: "`ssh-add` a key, or name one in the inventory: `ssh: key:`"))
            try await SSHAgent.running(in: sshd.directory) { agent async throws in
                let options = SSHOptions(homeDirectory: "/nonexistent", agentSocket: agent.socket)
                #expect(
                    await problem(connectingTo: host, options)?.why
                        == """
                        ssh-agent at \(agent.socket) has no keys, and ~/.ssh has none of id_ed25519, id_ecdsa and id_rsa
                        """)
            }
            // One that has ended is not waited for.
            let ended = sshd.directory.path("ended")
            #expect(
                await problem(connectingTo: host, .made(agent: ended))?.why
                    == "ssh-agent at \(ended) has no keys, and ~/.ssh has none of id_ed25519, id_ecdsa and id_rsa")
        }
    }

    @Test("that fails says that ~/.ssh/config is not read, where there is one")
    func configuration() async throws {
        let sentence = """
            ; kubeforge does not read ~/.ssh/config (HostName, Port, User, IdentityFile, ProxyJump): `ssh:` in the \
            inventory has `address:` (at a host), `port:`, `user:` and `key:`, and nothing for a jump host
            """
        try await LoopbackSSHD.running { sshd async throws in
            try await LocalProgram.run("mkdir", [sshd.directory.path(".ssh")])
            try sshd.directory.write(".ssh/config", "Host *\n  IdentityFile ~/.ssh/work\n")
            try await LoopbackSSHD.makeKey(sshd.directory.path("own"))
            var options = SSHOptions(homeDirectory: sshd.directory.path, agentSocket: nil)
            options.connectTimeout = .seconds(1)
            let none = await problem(connectingTo: sshd.host(keyPath: .some(nil)), options)
            #expect(none?.fix == "`ssh-add` a key, or name one in the inventory: `ssh: key:`" + sentence)
            let denied = await problem(connectingTo: sshd.host(keyPath: sshd.directory.path("own")), options)
            #expect(denied?.fix?.hasSuffix(" tells more" + sentence) == true)
            try await LoopbackServer.running(.silent) { port async throws in
                let silent = await problem(connectingTo: .local(port), options)
                #expect(silent?.fix?.contains("`ssh -F none -v -p \(port) root@127.0.0.1`") == true)
                #expect(silent?.fix?.hasSuffix(" tells how far it gets" + sentence) == true)
            }
            let refused = try LoopbackServer.freePort()
            #expect(await problem(connectingTo: .local(refused), options)?.fix?.hasSuffix(sentence) == true)
        }
    }

    @Test(
        "with a key that is accepted, and a host that wants more, says what more", arguments: ["key file", "ssh-agent"])
    func secondFactor(way: String) async throws {
        let lines = ["PasswordAuthentication yes", "AuthenticationMethods publickey,password"]
        try await LoopbackSSHD.running(lines) { sshd async throws in
            let other = sshd.directory.path("other")
            try await LoopbackSSHD.makeKey(other)
            try await SSHAgent.running(in: sshd.directory, keys: [other, sshd.keyPath]) { agent async throws in
                let host = way == "key file" ? sshd.host() : sshd.host(keyPath: .some(nil))
                let user = host.access.user
                let problem = await problem(connectingTo: host, .made(agent: agent.socket))
                #expect(
                    problem?.what
                        == "kubmaster: 127.0.0.1 port \(sshd.port) accepts the key of \(user), and needs more: password"
                )
                #expect(problem?.why?.hasPrefix("it asks for a second factor (AuthenticationMethods)") == true)
                #expect(problem?.fix?.contains("`AuthenticationMethods publickey`") == true)
            }
        }
    }

    @Test("with a key file that is no use says what is wrong with it")
    func badKeyFiles() async throws {
        try await LoopbackSSHD.running { sshd async throws in
            let missing = sshd.directory.path("missing")
            #expect(
                await problem(connectingTo: sshd.host(keyPath: missing))?.what
                    == "kubmaster: the key file \(missing) is not there")
            let open = try sshd.directory.write("open", sshd.directory.text("key"), mode: 0o644)
            #expect(
                await problem(connectingTo: sshd.host(keyPath: open))
                    == Problem(
                        .unreachable, what: "kubmaster: the key file \(open) is open to others",
                        why: "its permissions are 0644; a private key is for its owner only", fix: "`chmod 600 \(open)`"
                    ))
            let publicHalf = try sshd.directory.write("public", sshd.directory.text("key.pub"))
            #expect(
                await problem(connectingTo: sshd.host(keyPath: publicHalf))?.what
                    == "kubmaster: \(publicHalf) is not a private key")
            let pipe = sshd.directory.path("pipe")
            try await LocalProgram.run("mkfifo", [pipe])
            #expect(
                await problem(connectingTo: sshd.host(keyPath: pipe))?.why == "it is a pipe or a socket, not a file")
            let directory = sshd.directory.path
            #expect(
                await problem(connectingTo: sshd.host(keyPath: directory))?.what
                    == "kubmaster: the key file \(directory) cannot be read")
        }
    }
}
