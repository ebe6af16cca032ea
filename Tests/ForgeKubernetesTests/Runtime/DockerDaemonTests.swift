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
    }

    @Test(
        "that cannot be read is refused before anything is changed",
        arguments: ["{", "[1]", "{\"a\": 1,}", "{} {}", "hello", "{\"a\": [1,]}", "{a: 1}", "{\"a\": 01}", "{\"a\" 1}"])
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

    @Test("that is no UTF-8 is refused: it would be written back otherwise")
    func latin1() {
        let bytes = Array("{\"a\": \"".utf8) + [0xfc] + Array("\"}".utf8)
        #expect(
            DockerDaemon.unreadable.texts([.contents(DockerDaemon.path): .contents(bytes)])
                == ["it is not UTF-8, and would be written back otherwise"])
    }

    @Test("may be missing or empty", arguments: [nil, "", " \n", "{}"])
    func readable(text: String?) {
        #expect(
            DockerDaemon.unreadable.texts([.contents(DockerDaemon.path): .contents(text.map { Array($0.utf8) })]) == [])
    }
}
