import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeTestSupport
import Foundation
import Testing

@testable import ForgeKubernetes

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
