import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeTestSupport
import Foundation
import Testing

@testable import ForgeKubernetes

@Suite("The runtime's packages")
struct DockerPackagesTests {
    private func names(_ change: (inout Cluster) -> Void) throws -> (runtime: String?, engine: String) {
        let packages = DockerPackages(cluster: Example.cluster("1.36.2", change))
        let runtime = try packages.runtime(Example.facts()).compactMap { $0 as? Packages }.first
        return (runtime?.names.joined(separator: " "), packages.engine(Example.facts()).names.joined(separator: " "))
    }

    @Test("bring containerd to all, Docker Engine to those that build, and to all where it is the runtime")
    func names() throws {
        #expect(try names { _ in } == ("containerd.io", "docker-ce docker-ce-cli docker-buildx-plugin"))
        #expect(
            try names { $0.runtime = .docker }.runtime == "containerd.io docker-ce docker-ce-cli docker-buildx-plugin")
        #expect(try names { $0.docker = .distribution } == ("containerd", "docker.io"))
    }

    @Test("of a machine are one list: a control plane builds images, and a worker does not")
    func ofHosts() {
        func names(_ host: ForgeCore.Host, _ runtime: Cluster.Runtime) -> String {
            let packages = DockerPackages(cluster: Example.cluster("1.36.2") { $0.runtime = runtime })
            return packages.names(for: host, Example.facts().distribution).joined(separator: " ")
        }
        let engine = "containerd.io docker-ce docker-ce-cli docker-buildx-plugin"
        #expect(names(Example.node, .containerd) == "containerd.io")
        #expect(names(Example.master, .containerd) == engine)
        #expect(names(Example.node, .docker) == engine)
        #expect(names(Example.master, .docker) == engine)
    }

    /// As their archives have them: nothing recommended is installed, and without buildx `docker build` takes a
    /// deprecated builder.
    @Test(
        "of a distribution bring BuildKit wherever it has one",
        arguments: [
            ("bookworm", "docker.io"), ("trixie", "docker.io docker-cli docker-buildx"),
            ("jammy", "docker.io docker-buildx"), ("noble", "docker.io docker-buildx"),
        ])
    func buildx(codename: String, expected: String) throws {
        let distribution = try #require(Distribution.all.first { $0.codename == codename })
        let facts = Example.facts { $0.distribution = distribution }
        let packages = DockerPackages(cluster: Example.cluster { $0.docker = .distribution })
        #expect(packages.engine(facts).names.joined(separator: " ") == expected)
        let docker = DockerPackages(
            cluster: Example.cluster {
                $0.runtime = .docker
                $0.docker = .distribution
            })
        #expect(docker.names(for: Example.node, distribution).joined(separator: " ") == "containerd " + expected)
    }

    @Test("come from Docker, for the machine's distribution, signed with Docker's key")
    func repository() throws {
        let facts = Example.facts {
            $0.distribution = Distribution(id: "ubuntu", version: "24.04", codename: "noble")
            $0.architecture = "arm64"
        }
        let repository = try DockerPackages(cluster: Example.cluster()).runtime(facts)[0] as? AptRepository
        #expect(repository?.source == "https://download.docker.com/linux/ubuntu noble stable")
        #expect(
            repository?.key
                == .url(
                    "https://download.docker.com/linux/ubuntu/gpg",
                    fingerprint: "9DC858229FC7DD38854AE2D88D81803C0EBFCD88")
        )
        #expect(repository?.architecture == "arm64")
    }

    @Test("of Kubernetes come from the repository of the minor release, at the exact version, held")
    func kubernetes() throws {
        let steps = try KubernetesPackages(cluster: Example.cluster("1.31.14")).steps(Example.facts())
        let repository = try #require(steps[1] as? AptRepository)
        #expect(repository.source == "https://pkgs.k8s.io/core:/stable:/v1.31/deb/ /")
        #expect(
            repository.key
                == .url(
                    "https://pkgs.k8s.io/core:/stable:/v1.31/deb/Release.key",
                    fingerprint: "DE15B14486CD377B9E876E1A234654DA9A296436"))
        let packages = try #require(steps[3] as? Packages)
        #expect(packages.names == ["kubelet", "kubeadm", "kubectl"])
        #expect(packages.version == "1.31.14-")
        #expect(packages.isHeld)
    }

    @Test("of a mirror are of the machine's own distribution, where the inventory leaves it open")
    func mirrorOfDistributions() throws {
        let facts = Example.facts { $0.distribution = Distribution(id: "ubuntu", version: "24.04", codename: "noble") }
        let key = Mirrors.Key.url(
            "https://mirror.example.org/gpg", fingerprint: "9DC858229FC7DD38854AE2D88D81803C0EBFCD88")
        let cluster = Example.cluster {
            $0.mirrors.docker = .init(url: "https://mirror.example.org/linux/<distribution>", key: key)
        }
        let repository = try DockerPackages(cluster: cluster).runtime(facts)[0] as? AptRepository
        #expect(repository?.source == "https://mirror.example.org/linux/ubuntu noble stable")
    }

    @Test("of a mirror are signed with the key that the operator has")
    func mirrorKey() throws {
        try withKey(Example.key) { path in
            let cluster = Example.cluster {
                $0.mirrors.kubernetes = .init(url: "http://10.77.0.1:8000/core:/stable:", key: .file(path: path))
            }
            let repository = try KubernetesPackages(cluster: cluster).steps(Example.facts())[1] as? AptRepository
            #expect(repository?.source == "http://10.77.0.1:8000/core:/stable:/v1.20/deb/ /")
            #expect(repository?.key == .text(Example.key))
        }
    }

    @Test("of a mirror whose key is no key are not trusted")
    func noKey() throws {
        try withKey("hello") { path in
            #expect(
                throws: Problem(
                    what: "the signing key \(path) of the docker mirror cannot be read",
                    why: "it is not an ASCII-armoured public key",
                    fix:
                        "correct mirrors: apt: docker: key: in the inventory (for the lab: `kubeforge lab up` makes it)"
                )
            ) {
                try Mirrors.Key.file(path: path).signingKey(for: "docker")
            }
        }
        let problem = #expect(throws: Problem.self) { try Mirrors.Key.file(path: "/nowhere").signingKey(for: "docker") }
        #expect(problem?.why == "there is no such file")
    }

    @Test("of a mirror whose key is a pipe are not waited for")
    func pipe() async throws {
        try await TemporaryDirectory.during { directory in
            let pipe = try directory.pipe("key")
            let problem = #expect(throws: Problem.self) { try Mirrors.Key.file(path: pipe).signingKey(for: "docker") }
            #expect(problem?.what == "the signing key \(pipe) of the docker mirror cannot be read")
            #expect(problem?.why == "it is a pipe or a socket, not a file")
        }
    }
}

@Suite("Docker's daemon.json")
struct DockerDaemonTests {
    private let step = DockerDaemon(cluster: Example.cluster())
    private let asRuntime = DockerDaemon(cluster: Example.cluster { $0.runtime = .docker })
    private let mirrored = DockerDaemon(
        cluster: Example.cluster {
            $0.mirrors = Mirrors(registries: [
                "docker.io": "http://10.77.0.1:5000", "registry.k8s.io": "https://mirror.example/k8s",
            ])
        })

    private func texts(_ text: String?, _ step: DockerDaemon? = nil) -> [String] {
        (step ?? self.step).texts([.contents(DockerDaemon.path): .contents(text.map { Array($0.utf8) })])
    }

    @Test("that is not there gets systemd's cgroups, logs with an end, and the mirrors")
    func new() {
        #expect(texts(nil) == ["/etc/docker/daemon.json is missing"])
        #expect(
            mirrored.merged(into: JSONMembers()).text == """
                {
                  "exec-opts": ["native.cgroupdriver=systemd"],
                  "log-driver": "json-file",
                  "log-opts": {"max-file": "3", "max-size": "50m"},
                  "registry-mirrors": ["http://10.77.0.1:5000"],
                  "insecure-registries": ["10.77.0.1:5000"]
                }

                """)
    }

    @Test("keeps all that is its owner's, to the letter, and the difference names the keys")
    func merged() throws {
        let text = """
            { "data-root": "/srv/dock\\u0065r", "mtu": 1.0, "big": 12345678901234567890,
              "runtimes": { "nvidia": { "path": "nvidia-container-runtime", "args": [] } },
              "dns":["10.0.0.2"], "live-restore":false, "log-driver": "journald",
              "insecure-registries" : [ "old:5000" ], "exec-opts": ["native.umask=normal"] }
            """
        let new = mirrored.merged(into: try #require(JSONMembers(text))).text
        for piece in [
            #""data-root": "/srv/dock\u0065r""#, #""mtu": 1.0"#, #""big": 12345678901234567890"#,
            #""live-restore": false"#,
            #""runtimes": { "nvidia": { "path": "nvidia-container-runtime", "args": [] } }"#, #""dns": ["10.0.0.2"]"#,
            #""log-driver": "journald""#, #""exec-opts": ["native.umask=normal", "native.cgroupdriver=systemd"]"#,
            #""insecure-registries": ["10.77.0.1:5000", "old:5000"]"#,
        ] {
            #expect(new.contains(piece), "\(piece)")
        }
        #expect(
            texts(text, mirrored) == [
                #"insecure-registries in /etc/docker/daemon.json: [ "old:5000" ] → ["10.77.0.1:5000", "old:5000"]"#,
                #"""
                exec-opts in /etc/docker/daemon.json: ["native.umask=normal"] → ["native.umask=normal", \#
                "native.cgroupdriver=systemd"]
                """#,
                #"registry-mirrors in /etc/docker/daemon.json: not set → ["http://10.77.0.1:5000"]"#,
            ])
        #expect(texts(new, mirrored) == [], "a second run changes nothing")
    }

    @Test("with another manager of cgroups is told as a difference")
    func cgroups() {
        #expect(
            texts(#"{"exec-opts": ["native.cgroupdriver=cgroupfs"], "log-opts": {}}"#) == [
                #"""
                exec-opts in /etc/docker/daemon.json: ["native.cgroupdriver=cgroupfs"] → ["native.cgroupdriver=systemd"]
                """#
            ])
    }

    @Test("logs to files where the kubelet reads them, and as its owner likes where Docker only builds")
    func logs() {
        let text =
            #"{"exec-opts": ["native.cgroupdriver=systemd"], "log-driver": "journald", "log-opts": {"tag": "x"}}"#
        #expect(texts(text) == [])
        #expect(texts(text, asRuntime).first == #"log-driver in /etc/docker/daemon.json: "journald" → "json-file""#)
        #expect(texts(text.replacing("journald", with: "json-file"), asRuntime) == [])
    }

    @Test(
        "that cannot be read is refused before anything is changed",
        arguments: [
            "{", "[1]", "{\"a\": 1,}", "{} {}", "hello", "{\"a\": [1,]}", "{a: 1}", "{\"a\": 01}", "{\"a\" 1}",
            "{\"a\"}", "{\"a\": 1 \"b\": 2}", "{\"a\": [1 2]}", "{\"a\": \"x\ny\"}",
        ])
    func unreadable(text: String) async {
        let answers: [Question: Answer] = [.contents(DockerDaemon.path): .contents(Array(text.utf8))]
        #expect(
            DockerDaemon.unreadable.texts(answers) == ["it is not a JSON object, and dockerd would not start with it"])
        let (machine, transport) = Example.machine(answering: String(repeating: frame(""), count: 4) + frame(text))
        await #expect(throws: Problem.self) { try await step.apply(to: machine) }
        #expect(await transport.changes == [])
    }

    @Test("is written as a file that others write, too: what its owner had is kept beside it, with its mode")
    func original() async throws {
        let text = "{\"mtu\": 1400}"
        let files = frame(" 0") + frame(" 0") + frame("regular file|600|root:root|\(text.utf8.count)|1")
        let (machine, transport) = Example.machine(
            answering: files + frame("\(SHA256.hex(text))  \(DockerDaemon.path)") + frame(text))
        try await step.apply(to: machine)
        let file = RemoteFile(
            DockerDaemon.path, step.merged(into: try #require(JSONMembers(text))).text, mode: 0o600)
        #expect(await transport.commands.last == file.write)
        #expect(file.isShared)
    }

    /// `stat` says of a link what is the link's own: 0777. Whoever may write the file is root by way of Docker.
    @Test("that is a link is refused, and its mode is never that of a file")
    func link() async throws {
        let path = DockerDaemon.path
        let text = "{\"mtu\": 1400}"
        let answers: [Question: Answer] = [
            .contents(path): .contents(Array(text.utf8)), .file(path): .file(FileState(kind: .symlink, mode: 0o777)),
        ]
        let said = ["it is a symbolic link: it would be replaced by a file"]
        #expect(DockerDaemon.unreadable.texts(answers) == said)
        let problem = DockerDaemon.unreadable.finding(said.map { Difference($0) }, on: Example.node)
        #expect(
            problem.fix == """
                put the file itself in its place: `sudo cp --remove-destination -- "$(readlink -f \(path))" \(path)` \
                on kubnode; or move the link away
                """)
        let looks = frame(" 0") + frame("") + frame("symbolic link|777|root:root|1|1") + frame("") + frame(text)
        let (machine, transport) = Example.machine(answering: looks)
        await #expect(throws: problem) { try await step.apply(to: machine) }
        #expect(await transport.changes == [])
    }

    @Test("that everybody may write is told, and taken from them")
    func mode() async throws {
        let path = DockerDaemon.path
        let text = step.merged(into: JSONMembers()).text
        func texts(_ mode: UInt16) -> [String] {
            step.texts([
                .contents(path): .contents(Array(text.utf8)), .file(path): .file(FileState(mode: mode)),
            ])
        }
        #expect(texts(0o777) == ["mode of \(path): 0777 → 0775"])
        #expect(texts(0o664) == [])
        let looks = frame(" 0") + frame(" 0") + frame("regular file|777|root:root|\(text.utf8.count)|1")
        let (machine, transport) = Example.machine(
            answering: looks + frame("\(SHA256.hex(text))  \(path)") + frame(text))
        try await step.apply(to: machine)
        #expect(await transport.commands.last == RemoteFile(path, text, mode: 0o775).write)
    }

    /// Of a reader that calls itself for each level, 20,000 brackets were the end.
    @Test("that is nested too deep is refused", arguments: ["[", "{\"a\":"])
    func deep(bracket: String) {
        let text = "{\"a\":" + String(repeating: bracket, count: 100_000)
        #expect(JSONMembers(text) == nil)
        #expect(
            DockerDaemon.unreadable.texts([.contents(DockerDaemon.path): .contents(Array(text.utf8))])
                == ["it is not a JSON object, and dockerd would not start with it"])
        let usual = "{\"a\":" + String(repeating: "[", count: 100) + String(repeating: "]", count: 100) + "}"
        #expect(JSONMembers(usual)?.members.count == 1)
    }

    @Test("that is no UTF-8 is refused: it would be written back otherwise")
    func latin1() {
        let bytes = Array("{\"a\": \"".utf8) + [0xfc] + Array("\"}".utf8)
        #expect(
            DockerDaemon.unreadable.texts([.contents(DockerDaemon.path): .contents(bytes)])
                == ["it is not UTF-8, and would be changed when written back"])
    }

    @Test("may have quotes and blanks in its texts, and a key twice, of which dockerd takes the last")
    func members() throws {
        var read = try #require(JSONMembers(#"{"a b": "x \"y\\", "n": 1, "n": 2, "m": -0.5e+3}"#))
        #expect(read["a b"] == #""x \"y\\""#)
        #expect(read["n"] == "2")
        read["n"] = "3"
        #expect(read.members.map(\.value) == [#""x \"y\\""#, "1", "3", "-0.5e+3"])
        read["n"] = nil
        #expect(read.members.map(\.key) == ["a b", "m"])
    }

    @Test("may be missing or empty", arguments: [nil, "", " \n", "{}"])
    func readable(text: String?) {
        #expect(
            DockerDaemon.unreadable.texts([.contents(DockerDaemon.path): .contents(text.map { Array($0.utf8) })]) == [])
    }
}

/// A key file on the operator's machine, for as long as the body runs.
func withKey(_ text: String, _ body: (String) throws -> Void) throws {
    let path = NSTemporaryDirectory() + "kubeforge-key-\(UUID().uuidString).asc"
    try text.write(toFile: path, atomically: true, encoding: .utf8)
    defer { try? FileManager.default.removeItem(atPath: path) }
    try body(path)
}
