import ForgeCore
import ForgeSSH
import ForgeTestSupport
import Testing

@Suite("A host key")
struct HostKeyTests {
    @Test("that is not known is refused, with its fingerprint and what to do")
    func unknown() async throws {
        try await LoopbackSSHD.running { sshd async throws in
            let empty = try sshd.directory.write("empty", "# nobody yet\n")
            let fingerprint = try await LocalProgram.run(
                "ssh-keygen", ["-lf", sshd.directory.path("host_ed25519.pub")]
            )
            .split(separator: " ")[
                1]
            #expect(
                await problem(connectingTo: sshd.host(knownHostsPath: empty))?.description == """
                    kubmaster: the host key of [127.0.0.1]:\(sshd.port) is not known
                      why  \(empty) has no line for it; it shows ssh-ed25519 \(fingerprint)
                      fix  compare the fingerprint with the host's own, `ssh-keygen -lf \
                    /etc/ssh/ssh_host_ed25519_key.pub` at its console, and then \
                    `ssh-keyscan -p \(sshd.port) 127.0.0.1 >> \(empty)`; or accept it unverified with \
                    --accept-new-host-keys
                    """)
            let absent = sshd.directory.path("none/known_hosts")
            #expect(await problem(connectingTo: sshd.host(knownHostsPath: absent))?.kind == .unreachable)
        }
    }

    @Test("that has changed is refused, also when new ones are accepted")
    func changed() async throws {
        try await LoopbackSSHD.running { sshd async throws in
            try await LoopbackSSHD.makeKey(sshd.directory.path("former"))
            let former = try sshd.directory.text("former.pub").split(separator: " ").prefix(2).joined(separator: " ")
            let file = try sshd.directory.write("changed", "# one\n10.9.9.9 \(former)\n\(sshd.name) \(former)\n")
            let options = SSHOptions(homeDirectory: "/", acceptNewHostKeys: { _ in })
            let problem = await problem(connectingTo: sshd.host(knownHostsPath: file), options)
            #expect(problem?.kind == .unreachable)
            #expect(problem?.what == "kubmaster: the host key of \(sshd.name) has changed")
            #expect(problem?.why?.hasSuffix("which is not what \(file) says in line 3") == true)
            #expect(
                problem?.fix
                    == """
                    if kubmaster was rebuilt: `ssh-keygen -R '[127.0.0.1]:\(sshd.port)' -f \(file)`, and run this \
                    again; if it was not, somebody else answers in its place
                    """)
            #expect(try sshd.directory.text("changed").split(separator: "\n").count == 3)
        }
    }

    @Test("of another type than the known one counts as changed")
    func otherType() async throws {
        try await LoopbackSSHD.running(hostKeys: [.ecdsa]) { sshd async throws in
            try await LoopbackSSHD.makeKey(sshd.directory.path("former"))
            let former = try sshd.directory.text("former.pub").split(separator: " ").prefix(2).joined(separator: " ")
            let file = try sshd.directory.write("other", "\(sshd.name) \(former)\n")
            let problem = await problem(connectingTo: sshd.host(knownHostsPath: file))
            #expect(problem?.what == "kubmaster: the host key of \(sshd.name) has changed")
            #expect(problem?.why?.hasPrefix("it shows ecdsa-sha2-nistp256 SHA256:") == true)
        }
    }

    @Test("is asked for in the type that is known", arguments: LoopbackSSHD.KeyType.allCases)
    func knownType(type: LoopbackSSHD.KeyType) async throws {
        try await LoopbackSSHD.running(hostKeys: LoopbackSSHD.KeyType.allCases) { sshd async throws in
            let file = try sshd.directory.write("one", "\(sshd.name) \(sshd.hostKey(type)) a comment\n")
            try await sshd.connected(as: sshd.host(knownHostsPath: file)) { _ in }
        }
    }

    @Test("is found behind hashed names, patterns and lists", arguments: ["hashed", "pattern", "list"])
    func names(kind: String) async throws {
        try await LoopbackSSHD.running { sshd async throws in
            let key = try sshd.hostKey(.ed25519)
            switch kind {
            case "hashed":
                try sshd.directory.write("names", "\(sshd.name) \(key)\n")
                try await LocalProgram.run("ssh-keygen", ["-q", "-H", "-f", sshd.directory.path("names")])
                #expect(try sshd.directory.text("names").hasPrefix("|1|"))
            case "pattern": try sshd.directory.write("names", "[127.0.0.*]:\(sshd.port) \(key)\n")
            default: try sshd.directory.write("names", "kubmaster,\(sshd.name),other \(key)\n")
            }
            try await sshd.connected(as: sshd.host(knownHostsPath: sshd.directory.path("names"))) { _ in }
        }
    }

    @Test("is not the one of the same address with another port")
    func otherPort() async throws {
        try await LoopbackSSHD.running { sshd async throws in
            let file = try sshd.directory.write(
                "plain", "127.0.0.1 \(sshd.hostKey(.ed25519))\n[127.0.0.1]:1 \(sshd.hostKey(.ed25519))\n")
            #expect(
                await problem(connectingTo: sshd.host(knownHostsPath: file))?.what
                    == "kubmaster: the host key of \(sshd.name) is not known"
            )
        }
    }

    @Test("that is revoked is refused")
    func revoked() async throws {
        try await LoopbackSSHD.running { sshd async throws in
            let key = try sshd.hostKey(.ed25519)
            let file = try sshd.directory.write("revoked", "\(sshd.name) \(key)\n@revoked * \(key)\n")
            let problem = await problem(connectingTo: sshd.host(knownHostsPath: file))
            #expect(problem?.what == "kubmaster: the host key of \(sshd.name) is revoked")
            #expect(problem?.why?.hasPrefix("\(file) says so in line 2 of ssh-ed25519 SHA256:") == true)
        }
    }

    @Test("of another host that is revoked says nothing about this one")
    func otherRevoked() async throws {
        try await LoopbackSSHD.running { sshd async throws in
            try await LoopbackSSHD.makeKey(sshd.directory.path("former"))
            let former = try sshd.directory.text("former.pub").split(separator: " ").prefix(2).joined(separator: " ")
            let file = try sshd.directory.write("revoked", "@revoked * \(former)\n")
            #expect(
                await problem(connectingTo: sshd.host(knownHostsPath: file))?.what
                    == "kubmaster: the host key of \(sshd.name) is not known"
            )
        }
    }

    /// Lines of known_hosts in which ssh's second look, at the address without the port, finds nothing either; NAME,
    /// PORT, KEY and OTHER are put in, and so are HASHED, the hashed form of NAME, and FOREIGN, that of another name.
    static let lines = [
        "NAME KEY", "NAME OTHER", "  NAME KEY", "\tNAME\t KEY  a comment", "NAME KEY\r", "# NAME KEY", "  # NAME KEY",
        "NAME,!NAME KEY",
        "*,!NAME,!127.0.0.1 KEY", "* KEY", "*,!* KEY", "!NAME,!127.0.0.1,* KEY", "!other,* KEY", "[127.0.0.?]:PORT KEY",
        "[127.0.0.1?]:PORT KEY",
        "[LOCALHOST]:PORT,[127.*]:* KEY", "other KEY", "HASHED KEY", "  HASHED KEY", "HASHED OTHER",
        "FOREIGN KEY", "FOREIGN OTHER\nNAME KEY", "@revoked * KEY",
        "NAME KEY\n@revoked * KEY",
        "NAME KEY\n  @revoked * KEY", "NAME KEY\n@revoked other KEY", "NAME KEY\n@revoked * OTHER",
        "NAME KEY\n@revoked *,!NAME KEY", "@cert-authority * KEY", "@cert-authority * OTHER",
        "NAME KEY\n@cert-authority * OTHER",
        "@unknown NAME KEY", "@revoked @cert-authority * KEY\nNAME KEY", "NAME OTHER\nNAME KEY", "NAME",
        "NAME ssh-ed25519",
        "NAME ssh-ed25519 !!",
    ]

    @Test("is believed where ssh believes it, and nowhere else")
    func oracle() async throws {
        try await LoopbackSSHD.running { sshd async throws in
            try await LoopbackSSHD.makeKey(sshd.directory.path("other"))
            let other = try sshd.directory.text("other.pub").split(separator: " ").prefix(2).joined(separator: " ")
            let key = try sshd.hostKey(.ed25519)
            try sshd.directory.write("hashed", "\(sshd.name) \(key)\nforeign.example \(key)\n")
            try await LocalProgram.run("ssh-keygen", ["-q", "-H", "-f", sshd.directory.path("hashed")])
            let hashed = try sshd.directory.text("hashed").split(separator: "\n").map {
                String($0.prefix { $0 != " " })
            }
            try #require(hashed.count == 2)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for (number, line) in Self.lines.enumerated() {
                    let text = [
                        ("HASHED", hashed[0]), ("FOREIGN", hashed[1]), ("NAME", sshd.name), ("PORT", "\(sshd.port)"),
                        ("KEY", key),
                        ("OTHER", other),
                    ]
                    .reduce(line) { $0.replacing($1.0, with: $1.1) }
                    let file = try sshd.directory.write("lines\(number)", text + "\n")
                    group.addTask {
                        let ours = await problem(connectingTo: sshd.host(knownHostsPath: file))
                        #expect(
                            await (ours == nil) == isBelievedBySSH(sshd, file),
                            "\(line): \(ours?.description ?? "believed")")
                    }
                }
                for try await _ in group {}
            }
        }
    }

    private func isBelievedBySSH(_ sshd: LoopbackSSHD, _ file: String) async -> Bool {
        let options = [
            "StrictHostKeyChecking=yes", "UserKnownHostsFile=\(file)", "GlobalKnownHostsFile=/dev/null",
            "BatchMode=yes",
            "IdentitiesOnly=yes",
            "UpdateHostKeys=no",
        ]
        let words = ["-F", "none", "-i", sshd.keyPath, "-p", "\(sshd.port)"] + options.flatMap { ["-o", $0] }
        return (try? await LocalProgram.run("ssh", words + ["\(sshd.host().access.user)@127.0.0.1", "true"])) != nil
    }

    @Test(
        "that only an authority vouches for is refused, and never written down", arguments: ["NAME", "127.0.0.*", "*"])
    func certified(names: String) async throws {
        try await LoopbackSSHD.running { sshd async throws in
            try await LoopbackSSHD.makeKey(sshd.directory.path("authority"))
            let authority = try sshd.directory.text("authority.pub")
            let text = "# ours\n@cert-authority \(names.replacing("NAME", with: sshd.name)) \(authority)"
            let file = try sshd.directory.write("certified", text)
            let problem = await problem(connectingTo: sshd.host(knownHostsPath: file), .made(accepts: true))
            #expect(
                problem?.what
                    == """
                    kubmaster: the host key of \(sshd.name) is known by a certificate only, and kubeforge cannot \
                    check host certificates
                    """
            )
            #expect(
                problem?.why?.hasPrefix(
                    "\(file) has a @cert-authority line, line 2, and none with the key itself, ssh-ed25519 SHA256:")
                    == true)
            #expect(problem?.fix?.contains("`ssh-keyscan -p \(sshd.port) 127.0.0.1 >> \(file)`") == true)
            #expect(try sshd.directory.text("certified") == text)
            try sshd.directory.write("certified", "\(text)\n\(sshd.name) \(sshd.hostKey(.ed25519))\n")
            try await sshd.connected(as: sshd.host(knownHostsPath: file)) { _ in }
        }
    }
}
