import ForgeCore
import ForgePlan
import ForgeTestSupport
import Testing

@Suite("An apt repository")
struct AptRepositoryTests {
    private static let list = "/etc/apt/sources.list.d/docker.list"
    private static let key = "/etc/apt/keyrings/docker.asc"
    private static let fingerprint = "9DC858229FC7DD38854AE2D88D81803C0EBFCD88"
    private let mirrored = AptRepository(
        "docker", source: "http://10.0.0.1/debian bookworm stable", key: .text("KEY\n"), architecture: "amd64")
    private let upstream = AptRepository(
        "docker", source: "https://download.docker.com/linux/debian bookworm stable",
        key: .url("https://download.docker.com/linux/debian/gpg", fingerprint: fingerprint), architecture: "arm64")

    private func file(_ text: String) -> Answer { .file(FileState(sha256: SHA256.hex(text))) }

    @Test("is so when its list and its key are those")
    func mirror() {
        let line = "deb [arch=amd64 signed-by=/etc/apt/keyrings/docker.asc] http://10.0.0.1/debian bookworm stable\n"
        #expect(mirrored.title == "packages come from http://10.0.0.1/debian")
        #expect(mirrored.texts([.file(Self.list): file(line), .file(Self.key): file("KEY\n")]) == [])
        #expect(
            mirrored.texts([.file(Self.list): .file(nil), .file(Self.key): .file(nil)]) == [
                "\(Self.list) is missing", "\(Self.key) is missing",
            ])
        #expect(
            mirrored.texts([.file(Self.list): file("deb https://old"), .file(Self.key): file("KEY\n")]) == [
                "\(Self.list) has other content"
            ])
    }

    @Test("whose key is fetched is so when the key has the fingerprint")
    func fingerprints() throws {
        let line = "deb [arch=arm64 signed-by=/etc/apt/keyrings/docker.asc] https://download.docker.com/linux/debian bookworm stable\n"
        let look = try #require(upstream.questions.last)
        func texts(_ found: String) -> [String] {
            upstream.texts([.file(Self.list): file(line), look: .command(CommandState(text: found.isEmpty ? "" : "\(Self.key) \(found)"))])
        }
        #expect(texts(Self.fingerprint) == [])
        #expect(texts("") == ["signing key of docker: none → \(Self.fingerprint)"])
        #expect(texts("ABCD") == ["signing key of docker: ABCD → \(Self.fingerprint)"])
    }

    @Test("of a mirror gets its key, its list and its own index, in this order")
    func applyMirror() async throws {
        let (machine, transport) = Example.machine { _ in Output() }
        try await mirrored.apply(to: machine)
        let commands = await transport.commands
        #expect(commands.count == 3)
        #expect(commands[0] == RemoteFile(Self.key, "KEY\n").write)
        #expect(commands[1].inputText == "deb [arch=amd64 signed-by=/etc/apt/keyrings/docker.asc] http://10.0.0.1/debian bookworm stable\n")
        #expect(
            commands[2].line
                == "env DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1 LC_ALL=C apt-get -q -o DPkg::Lock::Timeout=300"
                + " -o Acquire::Retries=3 -o Dir::Etc::sourcelist=/etc/apt/sources.list.d/docker.list"
                + " -o Dir::Etc::sourceparts=- -o APT::Get::List-Cleanup=0 -o APT::Update::Error-Mode=any update")
    }

    @Test("is believed with the right fingerprint: the key gets its name only then")
    func applyUpstream() async throws {
        let (machine, transport) = Example.machine { $0.line.contains("gpg --homedir") ? Output(Self.fingerprint + "\n") : Output() }
        try await upstream.apply(to: machine)
        let lines = await transport.changes
        #expect(lines[0].hasSuffix("sh https://download.docker.com/linux/debian/gpg /etc/apt/keyrings/docker.asc.new"))
        #expect(lines[1].contains("--show-keys --with-colons /etc/apt/keyrings/docker.asc.new"))
        #expect(
            lines[2]
                == "sh -c 'chmod 0644 \"$1\" && mv -fT -- \"$1\" \"$2\"' sh /etc/apt/keyrings/docker.asc.new /etc/apt/keyrings/docker.asc")
        #expect(lines.count == 5)
    }

    @Test("with another key removes it, and explains")
    func wrongKey() async {
        let (machine, transport) = Example.machine { $0.line.contains("gpg --homedir") ? Output("ABCD\n") : Output() }
        await #expect(
            throws: Problem(
                what: "kubnode: https://download.docker.com/linux/debian/gpg is not the key of the docker repository",
                why: "its fingerprint is ABCD, expected \(Self.fingerprint)",
                fix:
                    "if the repository changed its key, put the new fingerprint into the inventory (mirrors: apt: docker: fingerprint:) after checking it with its publisher"
            )
        ) { try await upstream.apply(to: machine) }
        let lines = await transport.changes
        #expect(lines.last == "rm -f -- /etc/apt/keyrings/docker.asc.new")
        #expect(!lines.contains { $0.contains("mv -fT") })
    }

    @Test("whose signature apt no longer accepts says so, and not that its mirror is wrong")
    func oldSignature() async {
        let (machine, _) = Example.machine {
            $0.line.hasSuffix(" update")
                ? .failed(
                    100,
                    "W: Sub-process /usr/bin/sqv returned an error code (1): Signature Packet v3 is not considered secure\nE: not signed.\n"
                ) : Output()
        }
        let problem = await #expect(throws: Problem.self) { try await mirrored.apply(to: machine) }
        #expect(problem?.fix?.hasPrefix("apt of kubnode (Debian 13) no longer accepts this repository's old signature") == true)
    }

    @Test("that cannot be reached says where to look")
    func unreachable() async {
        let (machine, _) = Example.machine {
            $0.line.contains("curl") ? .failed(6, "curl: (6) Could not resolve host: download.docker.com") : Output()
        }
        let problem = await #expect(throws: Problem.self) { try await upstream.apply(to: machine) }
        #expect(problem?.why == "curl: (6) Could not resolve host: download.docker.com")
        #expect(
            problem?.fix
                == "open https://download.docker.com/linux/debian/gpg from kubnode with curl; behind a firewall, name a mirror in the inventory (mirrors: apt:)"
        )
    }
}
