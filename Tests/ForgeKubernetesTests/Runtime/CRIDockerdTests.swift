import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeTestSupport
import Foundation
import Synchronization
import Testing

@testable import ForgeKubernetes

@Suite("cri-dockerd")
struct CRIDockerdTests {
    @Test("is what Docker Engine needs from Kubernetes 1.24 on, and not before")
    func needed() throws {
        for (version, expected) in [("1.23.17", false), ("1.24.17", true)] {
            let cluster = Example.cluster(version) { $0.runtime = .docker }
            let titles = try ContainerRuntime(cluster: cluster, templates: Example.templates).steps(Example.facts())
                .map(
                    \.title)
            #expect(titles.contains("cri-dockerd runs") == expected)
        }
    }

    private func program(_ change: (inout Cluster) -> Void = { _ in }) throws -> any Step {
        try CRIDockerd(cluster: Example.cluster("1.36.2", change), templates: Example.templates).steps(Example.facts())[
            0]
    }

    @Test("that is not there is told as none")
    func missing() throws {
        #expect(try program().texts(command: "", exitCode: 1) == ["cri-dockerd: none → 0.3.25"])
        #expect(try program().texts(command: "0.3.16") == ["cri-dockerd: 0.3.16 → 0.3.25"])
        #expect(try program().texts(command: "0.3.25") == [])
    }

    @Test("names kubeadm's sandbox image in its unit")
    func sandbox() async throws {
        let unit = try CRIDockerd(cluster: Example.cluster("1.36.2"), templates: Example.templates).steps(
            Example.facts())[1]
        let looks = String(repeating: frame(""), count: 4) + frame("registry.k8s.io/pause:3.10.2")
        let (machine, transport) = Example.machine(answering: looks)
        try await unit.apply(to: machine)
        let text = try #require(await transport.commands.last).inputText
        #expect(text.contains(" --pod-infra-container-image=registry.k8s.io/pause:3.10.2\n"))
        let path = "/etc/systemd/system/cri-dockerd.service"
        #expect(unit.texts([:]) == ["\(path) is missing"])
        #expect(
            unit.texts([.file(path): .file(FileState())]) == [
                "its sandbox image is not known before kubeadm is installed"
            ])
    }

    @Test("comes from its release or a copy of it, and is believed by its sha256 alone")
    func addresses() async throws {
        func words(_ change: (inout Cluster) -> Void) async throws -> [String] {
            let (machine, transport) = Example.machine()
            try await program(change).apply(to: machine)
            return Array(try #require(await transport.commands.first).words.map(\.text).suffix(5).prefix(3))
        }
        #expect(
            try await words { _ in } == [
                "https://github.com/Mirantis/cri-dockerd/releases/download/v0.3.25/cri-dockerd-0.3.25.amd64.tgz",
                "adb9b9785dc10fe49107f5d9e6a62c4271d268a214b9813f5dce251afc9d78ff", "/usr/local/bin/cri-dockerd",
            ])
        let copy = try await words { $0.mirrors.criDockerd = .init(url: "http://10.77.0.1/cri-{arch}.tgz") }
        #expect(copy[0] == "http://10.77.0.1/cri-amd64.tgz")
        #expect(copy[1].hasPrefix("adb9b978"))
        let own = try await words { $0.mirrors.criDockerd = .init(url: "http://10.77.0.1/cri.tgz", sha256: "abc") }
        #expect(own[1] == "abc")
    }

    @Test("of an own release is the one whose archive has the sha256, whatever version it says")
    func own() throws {
        func texts(_ found: String) throws -> [String] {
            try program { $0.mirrors.criDockerd = .init(url: "http://10.77.0.1/cri.tgz", sha256: "abc") }
                .texts(command: found)
        }
        #expect(try texts("") == ["cri-dockerd is not there"])
        #expect(try texts("unknown") == ["the sha256 of cri-dockerd's archive: unknown → abc"])
        #expect(try texts("abd") == ["the sha256 of cri-dockerd's archive: abd → abc"])
        #expect(try texts("abc") == [])
    }

    @Test("is told to be kept where it was somebody else's")
    func told() async throws {
        let news = Mutex<[String]>([])
        let transport = ScriptedTransport { _ in Output("kept\n") }
        let machine = Machine(
            host: Example.node, transport: transport,
            onNews: { if case .detail(let detail) = $0 { news.withLock { $0.append(detail.text) } } })
        try await program().apply(to: machine)
        #expect(
            news.withLock { $0 } == [
                """
                the /usr/local/bin/cri-dockerd that was there is kept as \
                /usr/local/bin/cri-dockerd.before-kubeforge
                """
            ])
    }

    /// A machine that gets archives with one program each.
    private struct Shop {
        let directory: TemporaryDirectory
        let transport: LocalTransport

        init(_ directory: TemporaryDirectory, shell: String) throws {
            self.directory = directory
            transport = LocalTransport(shell: shell, programs: directory.path)
            // curl -o FILE -- URL
            try directory.write(
                "curl", "#!/bin/sh\nwhile [ \"$1\" != -o ]; do shift; done; cp \(directory.path)/a.tgz \"$2\"\n",
                mode: 0o755)
        }

        /// Offers an archive whose program has the text, and gives the archive's sha256.
        func offer(_ text: String) async throws -> String {
            try directory.write(
                "make",
                """
                set -e; cd \(directory.path); mkdir -p cri-dockerd; echo \(text) >cri-dockerd/cri-dockerd; tar -czf \
                a.tgz cri-dockerd; sha256sum <a.tgz | cut -c 1-64
                """)
            return try await transport.run(Command("sh", Word(directory.path("make")))) { _ in }.text.trimming(
                while: \.isWhitespace)
        }

        func install(_ sum: String) async throws -> Output {
            let command = Command(
                "sh", "-c", Word(CRIDockerd.install), "sh", "http://x/a.tgz", Word(sum),
                Word(directory.path("bin/cri")), Word(directory.path("notes/cri")), Word(directory.path("bin/cri.kept"))
            )
            return try await transport.run(command) { _ in }
        }

        /// The sha256 of the archive that the program is from, as the step asks for it.
        func look() async throws -> String {
            let look = CRIDockerd.ownLook.replacing("/usr/local/bin/cri-dockerd", with: directory.path("bin/cri"))
                .replacing("/var/lib/kubeforge/cri-dockerd", with: directory.path("notes/cri"))
            return try await transport.run(Command("sh", "-c", Word(look))) { _ in }.text.trimming(
                while: \.isWhitespace)
        }
    }

    @Test("is installed with the right sha256, and not otherwise", arguments: ["dash", "bash"])
    func install(shell: String) async throws {
        try await TemporaryDirectory.during { directory in
            let shop = try Shop(directory, shell: shell)
            let sum = try await shop.offer("one")
            let refused = try await shop.install(String(repeating: "0", count: 64))
            #expect(refused.exit == .code(1))
            #expect(refused.errorText.hasPrefix("the sha256 of http://x/a.tgz is \(sum), expected 000"))
            #expect(throws: (any Error).self) { try directory.text("bin/cri") }
            #expect(try await shop.look() == "")
            #expect(try await shop.install(sum).isSuccess)
            #expect(try directory.text("bin/cri") == "one\n")
            #expect(try await shop.look() == sum)
        }
    }

    @Test("is replaced by another archive's; only one of somebody else's is kept, once", arguments: ["dash", "bash"])
    func replaced(shell: String) async throws {
        try await TemporaryDirectory.during { directory in
            let shop = try Shop(directory, shell: shell)
            try await LocalProgram.run("mkdir", [directory.path("bin")])
            try directory.write("bin/cri", "theirs\n", mode: 0o755)
            #expect(try await shop.look() == "unknown")
            let one = try await shop.offer("one")
            #expect(try await shop.install(one).text == "kept\n")
            #expect(try directory.text("bin/cri.kept") == "theirs\n")
            let two = try await shop.offer("two")
            #expect(try await shop.look() == one)
            #expect(try await shop.install(two).text == "")
            #expect(try await shop.look() == two)
            #expect(try directory.text("bin/cri.kept") == "theirs\n")
            try FileManager.default.removeItem(atPath: directory.path("bin/cri.kept"))
            // Killed behind the note: the old program is still known.
            try directory.write("bin/cri", "one\n", mode: 0o755)
            #expect(try await shop.look() == "unknown")
            #expect(try await shop.install(two).text == "")
            #expect(try await shop.look() == two)
        }
    }
}
