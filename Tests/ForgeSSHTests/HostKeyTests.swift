import ForgeCore
import ForgeSSH
import ForgeTestSupport
import Synchronization
import Testing

@Suite("A host key")
struct HostKeyTests {
    @Test("that is not known is refused, with its fingerprint and what to do")
    func unknown() async throws {
        try await LoopbackSSHD.running { sshd async throws in
            let empty = try sshd.folder.write("empty", "# nobody yet\n")
            let fingerprint = try await LocalProgram.run("ssh-keygen", ["-lf", sshd.folder.path("host_ed25519.pub")]).split(separator: " ")[
                1]
            #expect(
                await problem(connectingTo: sshd.host(knownHostsPath: empty))?.description == """
                    kubmaster: the host key of [127.0.0.1]:\(sshd.port) is not known
                      why  \(empty) has no line for it; it shows ssh-ed25519 \(fingerprint)
                      fix  compare the fingerprint with the host's own, `ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub` at its console, and then \
                    `ssh-keyscan -p \(sshd.port) 127.0.0.1 >> \(empty)`; or believe it untested with --accept-new-host-keys
                    """)
            let absent = sshd.folder.path("none/known_hosts")
            #expect(await problem(connectingTo: sshd.host(knownHostsPath: absent))?.kind == .unreachable)
        }
    }

    @Test("that is not known is believed and written down when the operator says so, and told")
    func accepted() async throws {
        try await LoopbackSSHD.running { sshd async throws in
            let notices = Mutex<[String]>([])
            let options = SSHOptions(homeFolder: sshd.folder.path, acceptNewHostKeys: { text in notices.withLock { $0.append(text) } })
            let host = sshd.host(knownHostsPath: "~/new/folder/known_hosts")
            try await sshd.connected(as: host, options) { _ in }
            let told = notices.withLock { $0 }
            #expect(told.count == 1)
            #expect(
                told.first?.hasPrefix(
                    "kubmaster: the host key of \(sshd.name) was not known and is believed from now on: ssh-ed25519 SHA256:") == true)
            #expect(try sshd.folder.text("new/folder/known_hosts") == "\(sshd.name) \(sshd.hostKey(.ed25519))\n")
            #expect(try sshd.folder.mode("new/folder/known_hosts") == 0o600)
            #expect(try sshd.folder.mode("new/folder") == 0o700)
            try await sshd.connected(as: host, SSHOptions(homeFolder: sshd.folder.path)) { _ in }
            #expect(notices.withLock { $0.count } == 1)
        }
    }

    @Test("is added to a file whose last line has no newline without spoiling that line")
    func unfinishedFile() async throws {
        try await LoopbackSSHD.running { sshd async throws in
            let file = try sshd.folder.write("unfinished", "10.9.9.9 \(sshd.hostKey(.ed25519))")
            try await sshd.connected(as: sshd.host(knownHostsPath: file), SSHOptions(homeFolder: "/", acceptNewHostKeys: { _ in })) { _ in }
            #expect(try sshd.folder.text("unfinished") == "10.9.9.9 \(sshd.hostKey(.ed25519))\n\(sshd.name) \(sshd.hostKey(.ed25519))\n")
        }
    }

    @Test("that has changed is refused, also when new ones are accepted")
    func changed() async throws {
        try await LoopbackSSHD.running { sshd async throws in
            try await LoopbackSSHD.makeKey(sshd.folder.path("former"))
            let former = try sshd.folder.text("former.pub").split(separator: " ").prefix(2).joined(separator: " ")
            let file = try sshd.folder.write("changed", "# one\n10.9.9.9 \(former)\n\(sshd.name) \(former)\n")
            let options = SSHOptions(homeFolder: "/", acceptNewHostKeys: { _ in })
            let problem = await problem(connectingTo: sshd.host(knownHostsPath: file), options)
            #expect(problem?.kind == .unreachable)
            #expect(problem?.what == "kubmaster: the host key of \(sshd.name) has changed")
            #expect(problem?.why?.hasSuffix("which is not what \(file) says in line 3") == true)
            #expect(
                problem?.fix == "if kubmaster was rebuilt: `ssh-keygen -R '[127.0.0.1]:\(sshd.port)' -f \(file)`, and run this again; "
                    + "if it was not, somebody else answers in its place")
            #expect(try sshd.folder.text("changed").split(separator: "\n").count == 3)
        }
    }

    @Test("of another type than the known one counts as changed")
    func otherType() async throws {
        try await LoopbackSSHD.running(hostKeys: [.ecdsa]) { sshd async throws in
            try await LoopbackSSHD.makeKey(sshd.folder.path("former"))
            let former = try sshd.folder.text("former.pub").split(separator: " ").prefix(2).joined(separator: " ")
            let file = try sshd.folder.write("other", "\(sshd.name) \(former)\n")
            let problem = await problem(connectingTo: sshd.host(knownHostsPath: file))
            #expect(problem?.what == "kubmaster: the host key of \(sshd.name) has changed")
            #expect(problem?.why?.hasPrefix("it shows ecdsa-sha2-nistp256 SHA256:") == true)
        }
    }

    @Test("is asked for in the type that is known", arguments: LoopbackSSHD.KeyType.allCases)
    func knownType(type: LoopbackSSHD.KeyType) async throws {
        try await LoopbackSSHD.running(hostKeys: LoopbackSSHD.KeyType.allCases) { sshd async throws in
            let file = try sshd.folder.write("one", "\(sshd.name) \(sshd.hostKey(type)) a comment\n")
            try await sshd.connected(as: sshd.host(knownHostsPath: file)) { _ in }
        }
    }

    @Test("is found behind hashed names, patterns and lists", arguments: ["hashed", "pattern", "list"])
    func names(kind: String) async throws {
        try await LoopbackSSHD.running { sshd async throws in
            let key = try sshd.hostKey(.ed25519)
            switch kind {
            case "hashed":
                try sshd.folder.write("names", "\(sshd.name) \(key)\n")
                try await LocalProgram.run("ssh-keygen", ["-q", "-H", "-f", sshd.folder.path("names")])
                #expect(try sshd.folder.text("names").hasPrefix("|1|"))
            case "pattern": try sshd.folder.write("names", "[127.0.0.*]:\(sshd.port) \(key)\n")
            default: try sshd.folder.write("names", "kubmaster,\(sshd.name),other \(key)\n")
            }
            try await sshd.connected(as: sshd.host(knownHostsPath: sshd.folder.path("names"))) { _ in }
        }
    }

    @Test("is not the one of the same address with another port")
    func otherPort() async throws {
        try await LoopbackSSHD.running { sshd async throws in
            let file = try sshd.folder.write("plain", "127.0.0.1 \(sshd.hostKey(.ed25519))\n[127.0.0.1]:1 \(sshd.hostKey(.ed25519))\n")
            #expect(
                await problem(connectingTo: sshd.host(knownHostsPath: file))?.what == "kubmaster: the host key of \(sshd.name) is not known"
            )
        }
    }

    @Test("that is revoked is refused")
    func revoked() async throws {
        try await LoopbackSSHD.running { sshd async throws in
            let key = try sshd.hostKey(.ed25519)
            let file = try sshd.folder.write("revoked", "\(sshd.name) \(key)\n@revoked * \(key)\n")
            let problem = await problem(connectingTo: sshd.host(knownHostsPath: file))
            #expect(problem?.what == "kubmaster: the host key of \(sshd.name) is revoked")
            #expect(problem?.why?.hasPrefix("\(file) says so in line 2 of ssh-ed25519 SHA256:") == true)
        }
    }

    @Test("cannot be checked against a known_hosts that cannot be read")
    func unreadable() async throws {
        try await LoopbackSSHD.running { sshd async throws in
            let folder = sshd.folder.path
            #expect(
                await problem(connectingTo: sshd.host(knownHostsPath: folder))
                    == Problem(
                        .unreachable, what: "kubmaster: \(folder) cannot be used", why: "Is a directory",
                        fix: "`ls -ld \(folder)`; it is `ssh: knownHosts:` in the inventory"))
        }
    }
}
