import ForgeCore
import ForgeTestSupport
import Foundation
import Testing

@testable import ForgePlan

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
                "\(Self.list) has somebody else's content, which is kept as \(Self.list).before-kubeforge"
            ])
    }

    @Test("whose key is fetched is so when the key has the fingerprint")
    func fingerprints() throws {
        let line =
            """
            deb [arch=arm64 signed-by=/etc/apt/keyrings/docker.asc] https://download.docker.com/linux/debian bookworm \
            stable\n
            """
        let look = Question.command(upstream.fingerprintLook)
        #expect(upstream.questions.contains(look))
        func texts(_ found: String) -> [String] {
            upstream.texts([
                .file(Self.list): file(line),
                look: .command(CommandState(text: found.isEmpty ? "" : "\(Self.key) \(found)")),
            ])
        }
        #expect(texts(Self.fingerprint) == [])
        #expect(texts("") == ["signing key of docker: none → \(Self.fingerprint)"])
        #expect(texts("ABCD") == ["signing key of docker: ABCD → \(Self.fingerprint)"])
        let two = Self.fingerprint + "+ABCD"
        #expect(texts(two) == ["signing key of docker: \(two) → \(Self.fingerprint)"], "apt would believe both")
    }

    @Test("whose key's file has another key of somebody else's says that this is kept")
    func othersKey() {
        func texts(_ state: FileState) -> [String] {
            upstream.texts([
                .file(Self.key): .file(state),
                .command(upstream.fingerprintLook): .command(CommandState(text: "\(Self.key) ABCD")),
            ]).filter { $0.contains(Self.key) && !$0.hasPrefix("/etc/apt/sources.list.d") }
        }
        #expect(texts(FileState(sha256: "a", written: ["a"])) == [])
        #expect(
            texts(FileState(sha256: "a")) == [
                "\(Self.key) has somebody else's content, which is kept as \(Self.key).before-kubeforge"
            ])
    }

    @Test("whose key is fetched gets it as any file of /etc is written: what was there is kept")
    func fetchedKey() async throws {
        let key = "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nmQ\n-----END PGP PUBLIC KEY BLOCK-----\n"
        let (machine, transport) = Example.machine { Output($0.line.contains("gpg --homedir") ? key : "") }
        try await upstream.apply(to: machine)
        let commands = await transport.commands
        #expect(commands[1] == RemoteFile(Self.key, key).write)
        #expect(RemoteFile(Self.key, key).isShared)
    }

    @Test("of a mirror gets its key, its own index, and its list only when apt could read that")
    func applyMirror() async throws {
        let (machine, transport) = Example.machine { _ in Output() }
        try await mirrored.apply(to: machine)
        let commands = await transport.commands
        #expect(commands.count == 4)
        #expect(commands[0] == RemoteFile(Self.key, "KEY\n").write)
        let line = "deb [arch=amd64 signed-by=/etc/apt/keyrings/docker.asc] http://10.0.0.1/debian bookworm stable\n"
        #expect(commands[1] == RemoteFile("/var/lib/kubeforge/apt/docker.list", line).write)
        #expect(commands[3] == RemoteFile(Self.list, line).write)
        #expect(
            commands[2].line
                == """
                env DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1 LC_ALL=C apt-get -q -o \
                DPkg::Lock::Timeout=300 -o Acquire::Retries=3 -o \
                Dir::Etc::sourcelist=/var/lib/kubeforge/apt/docker.list -o Dir::Etc::sourceparts=- -o \
                APT::Get::List-Cleanup=0 -o APT::Update::Error-Mode=any update
                """)
    }

    @Test("that apt cannot read or reach leaves no list behind, which would stop every other call of apt")
    func unreadable() async {
        let (machine, transport) = Example.machine {
            $0.line.hasSuffix(" update") ? .failed(100, "E: 404  Not Found\n") : Output()
        }
        await #expect(throws: Problem.self) { try await mirrored.apply(to: machine) }
        #expect(await transport.commands.allSatisfy { !$0.words.contains(Word(Self.list)) })
    }

    @Test("with another key says which one it is, and changes nothing")
    func wrongKey() async {
        let (machine, transport) = Example.machine {
            $0.line.contains("gpg --homedir") ? Output("its fingerprint is ABCD\n") : Output()
        }
        await #expect(
            throws: Problem(
                what: "kubnode: https://download.docker.com/linux/debian/gpg is not the key of the docker repository",
                why: "its fingerprint is ABCD, expected \(Self.fingerprint)",
                fix:
                    """
                    if the repository changed its key, put the new fingerprint into the inventory (mirrors: apt: \
                    docker: fingerprint:) after checking it with its publisher
                    """
            )
        ) { try await upstream.apply(to: machine) }
        #expect(await transport.commands.count == 1)
    }

    @Test("whose signature apt no longer accepts says so, and not that its mirror is wrong")
    func oldSignature() async {
        let (machine, _) = Example.machine {
            $0.line.hasSuffix(" update")
                ? .failed(
                    100,
                    """
                    W: Sub-process /usr/bin/sqv returned an error code (1): Signature Packet v3 is not considered \
                    secure\nE: not signed.\n
                    """
                ) : Output()
        }
        let problem = await #expect(throws: Problem.self) { try await mirrored.apply(to: machine) }
        #expect(
            problem?.fix?.hasPrefix("apt of kubnode no longer accepts this repository's old signature")
                == true)
    }

    @Test("whose index cannot be had says why, and not only that it cannot")
    func noIndex() async {
        let said = """
            E: Failed to fetch http://10.0.0.1/debian/dists/bookworm/InRelease  Could not connect to 10.0.0.1:80
            E: Some index files failed to download. They have been ignored, or old ones used instead.
            """
        let (machine, _) = Example.machine { $0.line.hasSuffix(" update") ? .failed(100, "W: x\n" + said) : Output() }
        let problem = await #expect(throws: Problem.self) { try await mirrored.apply(to: machine) }
        #expect(problem?.why == said)
        #expect(
            problem?.fix
                == "open http://10.0.0.1/debian from kubnode with curl; is the mirror right in the inventory?")
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
                == """
                open https://download.docker.com/linux/debian/gpg from kubnode with curl; behind a firewall, name \
                a mirror in the inventory (mirrors: apt:)
                """
        )
    }
}

/// The real gpg, with keys that are made here: of a publisher, and of somebody who stands between.
@Suite("The signing key of an apt repository")
struct AptKeyTests {
    private struct Keys: Sendable {
        let directory: TemporaryDirectory
        let genuine: String
        let other: String

        /// Armoured in one block each, or all in one: publishers do either.
        func armoured(_ names: String..., inOneBlock: Bool = false) async throws -> String {
            let files = names.map { "\"$1/\($0).gpg\"" }
            let one = "cat \(files.joined(separator: " ")) | gpg --homedir \"$1/genuine\" --enarmor 2>/dev/null"
            let each = files.map { "gpg --homedir \"$1/genuine\" --enarmor <\($0) 2>/dev/null" }.joined(separator: "; ")
            let script = "{ \(inOneBlock ? one : each); } | sed 's/ARMORED FILE/PUBLIC KEY BLOCK/'"
            return try await LocalProgram.run("sh", ["-c", script, "sh", directory.path])
        }
    }

    private func withKeys(_ body: (Keys) async throws -> Void) async throws {
        try await TemporaryDirectory.during { directory in
            let script = """
                set -e; cd "$1"
                for name in genuine other; do
                  mkdir -m 700 $name
                  gpg --homedir "$PWD/$name" --batch --quiet --passphrase '' --quick-generate-key "$name \
                <$name@example>" ed25519 sign never
                  gpg --homedir "$PWD/$name" --export >$name.gpg
                  gpg --homedir "$PWD/$name" --with-colons --list-keys | sed -n 's/^fpr:*//p' | head -n 1 | tr -d :
                  gpgconf --homedir "$PWD/$name" --kill all
                done 2>/dev/null
                mkdir homes keyrings
                """
            let lines = try await LocalProgram.run("sh", ["-c", script, "sh", directory.path]).split(separator: "\n")
                .map(
                    String.init)
            try #require(lines.count == 2)
            try await body(Keys(directory: directory, genuine: lines[0], other: lines[1]))
        }
    }

    /// What comes of the key that an address gives.
    private func fetch(_ served: String, _ keys: Keys, pin: String, shell: String) async throws -> String {
        try keys.directory.write("served.asc", served)
        let script = AptRepository.fetch(homesIn: keys.directory.path("homes")).replacing(
            "--proto =http,https", with: "")
        let words = [
            Word("sh"), "-c", Word(script), "sh", Word("file://" + keys.directory.path("served.asc")), Word(pin),
        ]
        let output = try await LocalTransport(shell: shell).run(Command(words))
        #expect(output.isSuccess, "\(output.errorText)")
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: keys.directory.path("homes")) == [],
            "gpg's home is gone")
        return output.text
    }

    private func fingerprints(_ keys: Keys, _ shell: String, of path: String) async throws -> String {
        let script = AptRepository.home(in: keys.directory.path("homes")) + "\nfingerprints \(path)"
        return try await LocalTransport(shell: shell).run(Command("sh", "-c", Word(script))).text
    }

    @Test(
        "alone gets into the file that apt believes, whatever else the address gives", arguments: Shell.all,
        [false, true])
    func fetched(shell: String, inOneBlock: Bool) async throws {
        try await withKeys { keys in
            for names in [["genuine"], ["genuine", "other"], ["other", "genuine"]] {
                let served =
                    names.count == 1
                    ? try await keys.armoured(names[0], inOneBlock: inOneBlock)
                    : try await keys.armoured(names[0], names[1], inOneBlock: inOneBlock)
                let key = try await fetch(served, keys, pin: keys.genuine, shell: shell)
                #expect(key.hasPrefix("-----BEGIN PGP PUBLIC KEY BLOCK-----\n"))
                let path = try keys.directory.write("keyrings/docker.asc", key)
                #expect(try await fingerprints(keys, shell, of: path) == keys.genuine)
            }
        }
    }

    @Test("of another fingerprint, or none, is said, and no key comes of it", arguments: Shell.all)
    func refused(shell: String) async throws {
        try await withKeys { keys in
            let other = try await keys.armoured("other")
            let first = try await fetch(other, keys, pin: keys.genuine, shell: shell)
            #expect(first == "its fingerprint is \(keys.other)\n")
            let second = try await fetch("<html>a captive portal</html>", keys, pin: keys.genuine, shell: shell)
            #expect(second == "its fingerprint is none\n")
        }
    }

    @Test(
        "is looked at with every key that is in its file, wherever it stands there", arguments: Shell.all,
        [false, true])
    func counted(shell: String, inOneBlock: Bool) async throws {
        try await withKeys { keys in
            let path = keys.directory.path("k.asc")
            try keys.directory.write("k.asc", try await keys.armoured("genuine", "other", inOneBlock: inOneBlock))
            #expect(try await fingerprints(keys, shell, of: path) == "\(keys.genuine)+\(keys.other)")
            try keys.directory.write("k.asc", try await keys.armoured("genuine"))
            #expect(try await fingerprints(keys, shell, of: path) == keys.genuine)
        }
    }

    /// A home that others can write to lets any user break the look for ever, and a look that makes files there is no
    /// look.
    @Test(
        "is looked at in a home of gpg's own, which is gone afterwards, also when the look is ended",
        arguments: Shell.all)
    func home(shell: String) async throws {
        #expect(AptRepository.home().contains("mktemp -d -p /run "))
        try await TemporaryDirectory.during { directory in
            let script =
                AptRepository.home(in: directory.path)
                + "\nls \"$home\"; stat -c %a \"$home\"; kill -TERM $$; echo not reached"
            let output = try await LocalTransport(shell: shell).run(Command("sh", "-c", Word(script)))
            #expect(output.exit == .code(143))
            #expect(output.text == "700\n")
            #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path) == [])
        }
    }
}
