import ForgeCore
import ForgePlan
import ForgeTestSupport
import Glibc
import Testing

@Suite("The sources of apt")
struct AptSourcesTests {
    /// The files as `look` prints them, made by the real program.
    private func sources(_ files: [String: String], shell: String = "dash") async throws -> [AptSources.Source] {
        try await TemporaryDirectory.during { directory in
            for (name, text) in files { try directory.write(name, text) }
            let look = AptSources.look.replacing("/etc/apt/sources.list.d/", with: directory.path + "/")
            let text = try await LocalTransport(shell: shell).run(Command("sh", "-c", Word(look))) { _ in }.text
            return AptSources(text.replacing(directory.path, with: "")).all.filter { !$0.path.hasPrefix("/etc/apt") }
        }
    }

    @Test("are read line by line, with options or without", arguments: ["dash", "bash"])
    func lines(shell: String) async throws {
        let text = """
            # deb http://commented bookworm main
            deb [arch=amd64 signed-by=/etc/apt/keyrings/docker.asc] https://download.docker.com/linux/debian bookworm \
            stable # Docker
              deb   http://x/  sid   main contrib
            deb-src http://x sid main
            deb [trusted=yes] http://flat/ /
            deb [ signed-by=/k.gpg ] http://y sid main
            deb http://without-a-suite
            """
        let found = try await sources(["a.list": text], shell: shell)
        #expect(
            found == [
                .init(
                    path: "/a.list", line: 2, address: "https://download.docker.com/linux/debian", suite: "bookworm",
                    signedBy: "/etc/apt/keyrings/docker.asc"),
                .init(path: "/a.list", line: 3, address: "http://x", suite: "sid", signedBy: nil),
                .init(path: "/a.list", line: 5, address: "http://flat", suite: "/", signedBy: nil),
                .init(path: "/a.list", line: 6, address: "http://y", suite: "sid", signedBy: "/k.gpg"),
            ])
    }

    /// apt reads such files, and reads nothing where ours contradict them.
    @Test("are read where an editor of Windows has ended the lines, too")
    func windows() async throws {
        let found = try await sources([
            "a.list": "# mine\r\ndeb [signed-by=/k.gpg] http://x sid main\r\n",
            "b.sources": "Types: deb\r\nURIs: http://y\r\nSuites: s\r\nSigned-By: /k.gpg\r\n\r\nTypes: deb\r\n"
                + "URIs: http://z\r\nSuites: s\r\n",
        ])
        #expect(
            found == [
                .init(path: "/a.list", line: 2, address: "http://x", suite: "sid", signedBy: "/k.gpg"),
                .init(path: "/b.sources", line: 1, address: "http://y", suite: "s", signedBy: "/k.gpg"),
                .init(path: "/b.sources", line: 6, address: "http://z", suite: "s", signedBy: nil),
            ])
    }

    @Test("are read by stanzas, with keys in the file and several addresses")
    func stanzas() async throws {
        let text = """
            Types: deb
            URIs: https://download.docker.com/linux/ubuntu
            Suites: noble
            Components: stable
            Architectures: amd64
            Signed-By: /etc/apt/keyrings/docker.asc

            Enabled: no
            Types: deb
            URIs: http://off
            Suites: noble

            Types: deb
            URIs: http://off-too
            Suites: noble
            Enabled: False

            # a comment
            types: deb deb-src
            uris: http://a http://b/
            suites: noble noble-updates
            signed-by:
             -----BEGIN PGP PUBLIC KEY BLOCK-----
             .
             mQ
             -----END PGP PUBLIC KEY BLOCK-----
            """
        let found = try await sources(["docker.sources": text, "z.sources": "Types: deb\nURIs: http://z\nSuites: s\n"])
        #expect(
            found.map { "\($0.place) \($0.address) \($0.suite) \($0.signedBy ?? "none")" } == [
                "/docker.sources:1 https://download.docker.com/linux/ubuntu noble /etc/apt/keyrings/docker.asc",
                "/docker.sources:19 http://a noble a key in the file",
                "/docker.sources:19 http://a noble-updates a key in the file",
                "/docker.sources:19 http://b noble a key in the file",
                "/docker.sources:19 http://b noble-updates a key in the file",
                "/z.sources:1 http://z s none",
            ])
    }
}

@Suite("An apt repository that somebody else named, too")
struct KnownRepositoryTests {
    private static let fingerprint = "DE15B14486CD377B9E876E1A234654DA9A296436"
    private let step = AptRepository(
        "kubernetes", source: "https://pkgs.k8s.io/core:/stable:/v1.36/deb/ /",
        key: .url("https://pkgs.k8s.io/Release.key", fingerprint: fingerprint), architecture: "amd64",
        usualKeys: ["/etc/apt/keyrings/kubernetes-apt-keyring.gpg"])

    private func answers(_ sources: String, key: String) throws -> [Question: Answer] {
        let look = try #require(step.questions.last)
        return [
            .command(AptSources.look): .command(CommandState(text: sources)), look: .command(CommandState(text: key)),
        ]
    }

    /// As kubernetes.io and docs.docker.com tell people to do it.
    @Test(
        "as its publisher's own instructions do it, is known, and nothing is written",
        arguments: [
            """
            /etc/apt/sources.list.d/kubernetes.list:1:deb [signed-by=/etc/apt/keyrings/kubernetes-apt-keyring.gpg] \
            https://pkgs.k8s.io/core:/stable:/v1.36/deb/ /
            """,
            """
            /etc/apt/sources.list.d/k8s.sources:1:Types: deb
            /etc/apt/sources.list.d/k8s.sources:2:URIs: https://pkgs.k8s.io/core:/stable:/v1.36/deb/
            /etc/apt/sources.list.d/k8s.sources:3:Suites: /
            /etc/apt/sources.list.d/k8s.sources:4:Signed-By: /etc/apt/keyrings/kubernetes-apt-keyring.gpg
            """,
        ])
    func known(sources: String) throws {
        let right = try answers(sources, key: "/etc/apt/keyrings/kubernetes-apt-keyring.gpg \(Self.fingerprint)")
        #expect(step.texts(right) == [])
        #expect(step.conflicts.texts(right) == [])
        let wrong = try answers(sources, key: "/etc/apt/keyrings/kubernetes-apt-keyring.gpg ABCD")
        #expect(step.texts(wrong).count == 2, "a key with another fingerprint is not believed")
    }

    /// docs.docker.com's and kubernetes.io's instructions, followed on a machine that kubeforge has provisioned.
    @Test("beside ours, with the right key at another path: ours goes, and one without a key is still told")
    func oursInTheWay() throws {
        let line = "https://pkgs.k8s.io/core:/stable:/v1.36/deb/ /"
        let theirs =
            "/etc/apt/sources.list.d/k8s.list:1:deb [signed-by=/etc/apt/keyrings/kubernetes-apt-keyring.gpg] \(line)"
        let ours =
            """
            /etc/apt/sources.list.d/kubernetes.list:1:deb [arch=amd64 signed-by=/etc/apt/keyrings/kubernetes.asc] \
            \(line)
            """
        let key = "/etc/apt/keyrings/kubernetes-apt-keyring.gpg \(Self.fingerprint)"
        #expect(
            step.isNamedOnce.texts(try answers(theirs + "\n" + ours, key: key)) == [
                """
                /etc/apt/sources.list.d/kubernetes.list names it, too, with another key than the source that was here: \
                apt reads nothing then
                """
            ])
        #expect(step.isNamedOnce.texts(try answers(theirs, key: key)) == [])
        #expect(step.isNamedOnce.texts(try answers(ours, key: key)) == [])
        let plain = "/etc/apt/sources.list:7:deb \(line)"
        #expect(step.conflicts.texts(try answers(theirs + "\n" + plain, key: key)).count == 1)
        let wrong = "/etc/apt/sources.list.d/x.list:1:deb [signed-by=/k.gpg] \(line)"
        #expect(step.isNamedOnce.texts(try answers(ours + "\n" + wrong, key: key)) == [], "that one is refused")
        // What is called as ours is, and what has the key that ours has, is still somebody else's.
        let likeOurs = theirs.replacing("k8s.list", with: "kubernetes.list")
        #expect(step.isNamedOnce.texts(try answers(theirs + "\n" + likeOurs, key: key)) == [])
        let withOurKey = ours.replacing("kubernetes.list", with: "a.list")
        #expect(step.isNamedOnce.texts(try answers(withOurKey + "\n" + theirs, key: key)) == [])
    }

    @Test("with another key or none is told with its place: apt would read nothing then")
    func conflict() throws {
        let plain = "deb https://pkgs.k8s.io/core:/stable:/v1.36/deb /"
        let found = step.conflicts.texts(try answers("/etc/apt/sources.list:7:\(plain)", key: ""))
        #expect(
            found == [
                """
                /etc/apt/sources.list:7 names it without a key, kubeforge with /etc/apt/keyrings/kubernetes.asc: apt \
                reads nothing then
                """
            ])
        let keyed = try answers(
            "/etc/apt/sources.list.d/x.list:1:deb [signed-by=/k.gpg] https://pkgs.k8s.io/core:/stable:/v1.36/deb/ /",
            key: "")
        #expect(
            step.conflicts.texts(keyed).first?.hasPrefix(
                "/etc/apt/sources.list.d/x.list:1 names it with /k.gpg, kubeforge with") == true)
        for other in ["v1.35/deb/ /", "v1.36/deb/ stable"] {
            let line = "deb https://pkgs.k8s.io/core:/stable:/\(other)"
            #expect(step.conflicts.texts(try answers("/etc/apt/sources.list:7:\(line)", key: "")) == [])
        }
    }

    @Test("with another key is looked for by the sources and the keys alone")
    func conflictQuestions() throws {
        let keys = try #require(step.questions.last)
        #expect(Set(step.conflicts.questions) == [.command(AptSources.look), keys])
    }

    @Test("with the mirror's own key is known, too", arguments: ["http://m/linux", "http://m/linux/"])
    func mirrored(address: String) {
        let step = AptRepository(
            "docker", source: "\(address) noble stable", key: .text("KEY\n"), architecture: "amd64")
        func texts(_ key: String) -> [String] {
            let sources = (1...4).map { number in
                let lines = [
                    "Types: deb", "URIs: http://m/linux", "Suites: noble", "Signed-By: /etc/apt/keyrings/docker.asc",
                ]
                return "/etc/apt/sources.list.d/docker.sources:\(number):\(lines[number - 1])"
            }
            return step.texts([
                .command(AptSources.look): .command(CommandState(text: sources.joined(separator: "\n"))),
                .file("/etc/apt/keyrings/docker.asc"): .file(FileState(sha256: SHA256.hex(key))),
            ])
        }
        #expect(texts("KEY\n") == [])
        #expect(texts("OTHER\n").count == 2)
    }

    @Test("in the list that kubeforge writes is replaced, not told")
    func own() throws {
        let line = "/etc/apt/sources.list.d/kubernetes.list:1:deb https://pkgs.k8s.io/core:/stable:/v1.36/deb/ /"
        #expect(step.conflicts.texts(try answers(line, key: "")) == [])
    }

    /// A real key and the real gpg: the armoured form and the binary one have the same fingerprint.
    @Test(
        "is believed by the fingerprint that gpg reads in its key, in either form",
        .enabled(if: geteuid() == 0, "root's scripts run as root"), arguments: ["dash", "bash"])
    func eitherForm(shell: String) async throws {
        try await TemporaryDirectory.during { directory in
            let home = directory.path("gnupg")
            let make = """
                set -e; mkdir -m 700 '\(home)'; export GNUPGHOME='\(home)'
                gpg -q --batch --passphrase '' --quick-gen-key test ed25519 2>/dev/null
                gpg --export >'\(directory.path)/binary.gpg'; gpg --armor --export >'\(directory.path)/text.asc'
                gpg --list-keys --with-colons | sed -n 's/^fpr:*//p' | head -n 1 | tr -d :; gpgconf --kill all
                """
            let transport = LocalTransport(shell: shell)
            let expected = try await transport.run(Command("sh", "-c", Word(make))) { _ in }.text.trimming(
                while: \.isWhitespace)
            #expect(expected.count == 40)
            let keys = [directory.path("text.asc"), directory.path("binary.gpg"), directory.path("none.gpg")]
            let step = AptRepository(
                "x", source: "http://x /", key: .url("http://x", fingerprint: expected), architecture: "amd64",
                usualKeys: keys)
            let answers = try await transport.ask(step.questions.suffix(1), of: Example.host())
            let look = try #require(step.questions.last)
            #expect(answers[look] == .command(CommandState(text: "\(keys[0]) \(expected)\n\(keys[1]) \(expected)")))
        }
    }
}
