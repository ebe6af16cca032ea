import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeTestSupport
import Foundation
import Testing

@testable import ForgeService

@Suite("An image on its way to the nodes")
struct DeliveryTests {
    @Test(
        "is looked for in the node's runtime",
        arguments: [
            (Cluster.Runtime.containerd, "ctr --namespace k8s.io images ls -q name==docker.io/library/inference:0123456789abcdef"),
            (.docker, "docker image inspect --format '{{.Id}}' -- docker.io/library/inference:0123456789abcdef"),
        ])
    func isLookedFor(runtime: Cluster.Runtime, look: String) {
        let step = ImageIsOnNode(
            Example.release, runtime: runtime, route: ArchiveRoute(from: Example.master, runtime: runtime, folder: "/c"))
        #expect(step.title == "\(runtime.rawValue) has inference:0123456789abcdef")
        #expect(step.looks == [look])
        #expect(step.differences(whenLookEnds: 0, "docker.io/library/inference:0123456789abcdef") == [])
        #expect(step.differences(whenLookEnds: 0, "") == ["docker.io/library/inference:0123456789abcdef is missing"])
        #expect(step.differences(whenLookEnds: 1, "") == ["docker.io/library/inference:0123456789abcdef is missing"])
    }

    @Test("is fetched once for all nodes, and read by each from the operator's file")
    func isFetchedOnce() async throws {
        let cache = FileManager.default.temporaryDirectory.appending(path: "kubeforge-\(UUID())").path()
        defer { try? FileManager.default.removeItem(atPath: cache) }
        try FileManager.default.createDirectory(atPath: cache + "/images", withIntermediateDirectories: true)
        for name in ["inference-00000000-old.tar", "inference-two-00000000-other.tar"] {
            try Data().write(to: URL(filePath: "\(cache)/images/\(name)"))
        }
        let builder = ScriptedTransport { command in
            if case .file(let path) = command.output { try? Data("image".utf8).write(to: URL(filePath: path)) }
            return Output("sha256:feedfacefeedface\n")
        }
        let node = ScriptedTransport { _ in Output("") }
        let machine = Machine(host: Example.node, transport: node, peers: { _ in Machine(host: Example.master, transport: builder) })
        let route = ArchiveRoute(from: Example.master, runtime: .containerd, folder: cache + "/images")

        async let one: Void = route.bring(Example.release, to: machine)
        async let other: Void = route.bring(Example.release, to: machine)
        _ = try await (one, other)

        let file = "\(cache)/images/inference-0123456789abcdef-feedfacefeed.tar"
        #expect(await builder.commands.count == 2)
        #expect(await builder.commands.last?.line == "docker save -- inference:0123456789abcdef")
        #expect(await node.commands.map(\.line) == Array(repeating: "ctr --namespace k8s.io images import -", count: 2))
        #expect(await node.commands.map(\.input) == [.file(file), .file(file)])
        let left = try FileManager.default.contentsOfDirectory(atPath: cache + "/images").sorted()
        #expect(left == ["inference-0123456789abcdef-feedfacefeed.tar", "inference-two-00000000-other.tar"])
    }

    @Test("does not leave the machine that built it when that runs pods, too")
    func staysOnBuilder() async throws {
        let builder = ScriptedTransport { _ in Output("") }
        let route = ArchiveRoute(from: Example.master, runtime: .containerd, folder: "/nowhere")
        try await route.bring(Example.release, to: Machine(host: Example.master, transport: builder))
        let command = try #require(await builder.commands.first)
        #expect(
            command.words[2].text == """
                set -eu
                file=$(mktemp /var/tmp/kubeforge.XXXXXX)
                trap 'rm -f -- "$file"' EXIT
                docker save --output "$file" -- "$1"
                ctr --namespace k8s.io images import - < "$file"
                """)
        #expect(command.words.last == "inference:0123456789abcdef")
    }

    @Test("goes to the registry that the inventory names")
    func goesToRegistry() async throws {
        let release = Release(name: "inference", tag: "0123456789abcdef", registry: "registry.example:5000/team")
        let step = ImageIsPushed(release)
        #expect(step.looks == ["timeout 20 docker manifest inspect --insecure registry.example:5000/team/inference:0123456789abcdef"])
        #expect(step.differences(whenLookEnds: 1) == ["the registry does not have registry.example:5000/team/inference:0123456789abcdef"])
        #expect(step.differences(whenLookEnds: 0) == [])
        let builder = ScriptedTransport {
            $0.words[1] == "push" ? .failed(1, "denied: requested access to the resource is denied\n") : Output("")
        }
        let error = await #expect(throws: Problem.self) { try await step.apply(to: Machine(host: Example.master, transport: builder)) }
        #expect(
            error?.description == """
                kubmaster: `sudo docker push -- registry.example:5000/team/inference:0123456789abcdef` failed with exit code 1
                  why  denied: requested access to the resource is denied
                  fix  on kubmaster, as root: `docker login registry.example:5000`; a registry without TLS must be in mirrors: registries: with http://
                """)
    }
}
