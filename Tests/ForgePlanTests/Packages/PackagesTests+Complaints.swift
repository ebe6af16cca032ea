import ForgeCore
import ForgePlan
import ForgeTestSupport
import Foundation
import Testing

/// What apt and dpkg say, and what a person does about it.
extension PackagesTests {
    @Test("that cannot be had, after an update that failed, are told with the update's reason")
    func brokenUpdate() async {
        let (machine, _) = Example.machine { command in
            command.line.hasSuffix(" update")
                ? .failed(100, "E: Unable to fetch http://mirror: Could not connect")
                : .failed(100, "E: Unable to locate package curl")
        }
        await #expect(
            throws: Problem(
                what: "kubnode: `sudo \(Self.apt) update` failed with exit code 100",
                why: "E: Unable to fetch http://mirror: Could not connect",
                fix:
                    """
                    kubnode cannot reach its package mirror: check its network and DNS, or name a proxy (proxy:) or a \
                    mirror (mirrors: apt:) in the inventory
                    """
            )
        ) { try await tools.apply(to: machine) }
    }

    @Test(
        "that fail say what to do",
        arguments: [
            (
                """
                E: The repository 'https://pkgs.k8s.io/core:/stable:/v1.31/deb  InRelease' is not signed. Sub-process \
                /usr/bin/sqv returned an error code (1): Signature Packet v3 is not considered secure since \
                2026-02-01T00:00:00Z
                """,
                """
                apt of kubnode no longer accepts this repository's old signature: for Kubernetes, use 1.32 or newer; \
                else name a mirror with a signature of its own (mirrors: apt:), or use Debian 12
                """
            ),
            (
                "W: GPG error: https://pkgs.k8s.io: The following signatures were invalid: EXPKEYSIG 234654DA9A296436",
                """
                the key that signs the repository has expired: `gpg --show-keys /etc/apt/keyrings/*.asc` on kubnode \
                tells which; remove that file, and run again to fetch it; if its publisher has no newer one, use \
                a newer version or a mirror (mirrors: apt:)
                """
            ),
            (
                "E: Version '1.2-*' for 'curl' was not found",
                """
                see with `apt-cache policy` on kubnode which versions its repositories have, and correct the inventory \
                or the mirror
                """
            ),
            (
                "E: Unable to locate package curl",
                """
                see with `apt-cache policy` on kubnode which versions its repositories have, and correct the inventory \
                or the mirror
                """
            ),
            (
                "E: Unable to fetch some archives, maybe run apt-get update",
                """
                kubnode cannot reach its package mirror: check its network and DNS, or name a proxy (proxy:) or a \
                mirror (mirrors: apt:) in the inventory
                """
            ),
            (
                "E: Could not connect to deb.debian.org:80",
                """
                kubnode cannot reach its package mirror: check its network and DNS, or name a proxy (proxy:) or a \
                mirror (mirrors: apt:) in the inventory
                """
            ),
            ("dpkg: error: No space left on device", "make room on kubnode: `df -h`, `apt-get clean`"),
            (
                "E: You don't have enough free space in /var/cache/apt/archives/.",
                "make room on kubnode: `df -h`, `apt-get clean`"
            ),
            (
                "E: Failed to fetch http://x  Temporary failure resolving 'x'",
                """
                kubnode cannot reach its package mirror: check its network and DNS, or name a proxy (proxy:) or a \
                mirror (mirrors: apt:) in the inventory
                """
            ),
            ("E: Sub-process /usr/bin/dpkg returned an error code (1)", "run it by hand on kubnode to see more"),
        ])
    func fixes(complaint: String, fix: String) async {
        let (machine, _) = Example.machine { $0.line.hasSuffix(" update") ? Output() : .failed(100, complaint + "\n") }
        let problem = await #expect(throws: Problem.self) { try await tools.apply(to: machine) }
        #expect(problem?.fix == fix)
        #expect(problem?.why == complaint)
    }

    /// The real apt, of a directory with one file that it cannot take.
    @Test(
        "that apt cannot look for are told with all that it says, and with the file to correct",
        arguments: [
            ("sources.list.d/x.list", "deb http://x", "Malformed entry 1 in list file"),
            ("sources.list.d/x.list", "foo http://x bookworm main", "Type 'foo' is not known on line 1 in source list"),
            ("sources.list.d/x.sources", "Types: deb\nURIs: http://x", "Malformed entry 1 in sources file"),
            ("preferences.d/x", "Pin: release a=x", "Invalid record in the preferences file"),
            ("apt.conf.d/x", "APT { x", "Syntax error"),
        ])
    func unreadableFile(name: String, text: String, words: String) async throws {
        try await TemporaryDirectory.during { directory in
            for name in ["lists/partial", "archives/partial", "apt.conf.d", "sources.list.d", "preferences.d"] {
                try FileManager.default.createDirectory(atPath: directory.path(name), withIntermediateDirectories: true)
            }
            try directory.write("status", "")
            let path = try directory.write(name, text + "\n")
            let options = [
                "Dir::State=\(directory.path)", "Dir::State::status=\(directory.path)/status",
                "Dir::Cache=\(directory.path)",
                "Dir::Etc=\(directory.path)",
            ]
            let configuration = try directory.write(
                "apt.conf", options.map { $0.replacing("=", with: " \"") + "\";\n" }.joined())
            try directory.write(
                "apt-get", "#!/bin/sh\nexport APT_CONFIG=\(configuration); exec /usr/bin/apt-get \"$@\"\n", mode: 0o755)
            try directory.write("dpkg-query", "#!/bin/sh\nexit 1\n", mode: 0o755)
            let machine = Machine(host: Example.host(), transport: LocalTransport(programs: directory.path))
            let problem = await #expect(throws: Problem.self) { try await tools.apply(to: machine) }
            let lines = problem?.why?.split(separator: "\n") ?? []
            #expect(lines.first?.hasPrefix("E: \(words)") == true, "\(lines)")
            #expect(lines.first?.contains(path) == true, "\(lines)")
            #expect(
                problem?.fix
                    == """
                    correct \(path) on kubnode, or move it away: apt does nothing while it cannot read that file; \
                    then run again
                    """
            )
        }
    }

    @Test("with two keys for one of their sources are told with how both are found")
    func conflict() async {
        let said = """
            E: Conflicting values set for option Signed-By regarding source http://x/d/ bookworm: /a != /b
            E: The list of sources could not be read.
            """
        let (machine, _) = Example.machine { _ in .failed(100, said) }
        let problem = await #expect(throws: Problem.self) { try await tools.apply(to: machine) }
        #expect(problem?.why == said)
        #expect(
            problem?.fix
                == """
                two sources name one repository with different keys: `grep -rnF http://x/d /etc/apt/sources.list \
                /etc/apt/sources.list.d` on kubnode shows them; remove one, and run again
                """)
    }

    @Test("that fail for many reasons are told with the first ten, each once")
    func tooMany() async {
        let lines = (1...12).map { "E: no package \($0)" }
        let said = (["E: no package 1"] + lines).joined(separator: "\n")
        let (machine, _) = Example.machine { _ in .failed(100, said) }
        let problem = await #expect(throws: Problem.self) { try await tools.apply(to: machine) }
        #expect(problem?.why == lines.prefix(10).joined(separator: "\n"))
    }

    @Test("that dpkg cannot set up are told with what it says of each")
    func dpkg() async {
        let said = """
             A line of another program, which stands on its own.
            debconf: delaying package configuration
            dpkg: error processing package docker-ce (--configure):
             installed docker-ce package post-installation script subprocess returned error exit status 1
            Errors were encountered while processing:
             docker-ce
            E: Sub-process /usr/bin/dpkg returned an error code (1)
            """
        let (machine, _) = Example.machine { _ in .failed(100, said) }
        let problem = await #expect(throws: Problem.self) { try await tools.apply(to: machine) }
        #expect(
            problem?.why == """
                dpkg: error processing package docker-ce (--configure):
                installed docker-ce package post-installation script subprocess returned error exit status 1
                E: Sub-process /usr/bin/dpkg returned an error code (1)
                """)
    }
}
