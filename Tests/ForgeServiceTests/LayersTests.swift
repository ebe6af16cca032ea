import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeTestSupport
import Foundation
import Testing

@testable import ForgeService

@Suite("An image that travels by layers")
struct LayersTests {
    private static func digest(_ digit: Character) -> String { String(repeating: digit, count: 64) }

    private let parts = ImageParts(
        config: .init(digest: digest("c"), size: 30),
        layers: [
            .init(digest: digest("1"), size: 100), .init(digest: digest("2"), size: 200, packing: "+gzip"),
            .init(digest: digest("3"), size: 300),
        ])

    private func missing(_ kind: Cluster.Runtime, _ held: String) -> [Character] {
        NodeRuntime(kind: kind).missing(of: parts, held: held).compactMap(\.digest.first)
    }

    @Test("sends to containerd what its content store lacks, wherever in the image it is")
    func containerd() {
        #expect(missing(.containerd, "") == ["1", "2", "3"])
        #expect(missing(.containerd, "sha256:\(Self.digest("1"))\nsha256:\(Self.digest("3"))\nsha256:\(Self.digest("9"))\n") == ["2"])
        #expect(missing(.containerd, (1...3).map { "sha256:\(Self.digest(Character("\($0)")))" }.joined(separator: "\n")) == [])
    }

    @Test("sends to Docker what lies above the layers that some image of it begins with")
    func docker() {
        let (one, two, three) = ("sha256:\(Self.digest("1"))", "sha256:\(Self.digest("2"))", "sha256:\(Self.digest("3"))")
        #expect(missing(.docker, "") == ["1", "2", "3"])
        #expect(missing(.docker, "\(one)\n\(one) \(two) sha256:\(Self.digest("9"))\n") == ["3"])
        #expect(missing(.docker, "\(two) \(three)\n") == ["1", "2", "3"])
    }

    @Test("is described for containerd and for Docker, with each part under its digest")
    func description() throws {
        let files = PartialArchive(parts: parts, reference: "docker.io/library/inference:0123456789abcdef").files
        let text = files.sorted { $0.key < $1.key }.map { "\($0.key)\n\(String(decoding: $0.value, as: UTF8.self))\n" }.joined()
        try Golden("partial-archive.txt").expect(text)
        for (path, content) in files where path.hasPrefix("blobs/") { #expect(path == "blobs/sha256/\(SHA256.hex(content))") }
    }

    @Test("tells how its layers are packed by their first bytes")
    func packing() throws {
        let printed = """
            image sha256:\(Self.digest("c"))
            config \(Self.digest("c")) 30 7b226172
            layer \(Self.digest("1")) 100 62696e2f
            layer \(Self.digest("2")) 200 1f8b0800
            layer \(Self.digest("3")) 300 28b52ffd

            """
        let found = try ImageParts(printed: printed, by: "kubmaster")
        #expect(found.config == .init(digest: Self.digest("c"), size: 30))
        #expect(found.layers.map(\.size) == [100, 200, 300])
        #expect(found.layers.map(\.packing) == ["", "+gzip", "+zstd"])
    }

    @Test("says so when it cannot be taken apart")
    func notTakenApart() {
        let error = #expect(throws: Problem.self) { try ImageParts(printed: "image sha256:1\n", by: "kubmaster") }
        #expect(
            error?.description == """
                kubmaster: the image cannot be taken apart into its layers
                  why  image sha256:1
                  fix  remove /var/lib/kubeforge/images on kubmaster, and run again
                """)
    }

    @Test("does not leave the machine that built it when that runs pods, too")
    func staysOnBuilder() async throws {
        let builder = ScriptedTransport { _ in Output("config \(Self.digest("c")) 30 7b22\nlayer \(Self.digest("1")) 100 0000\n") }
        let route = LayeredRoute(from: Example.master, runtime: .docker, folder: "/nowhere")
        try await route.bring(Example.release, to: Machine(host: Example.master, transport: builder))
        let script = try #require(await builder.commands.last?.words[4].text)
        #expect(script.hasSuffix("collected | docker load --quiet"))
    }

    @Test(
        "is counted as people read it",
        arguments: [
            (0, "0 bytes"), (999, "999 bytes"), (1000, "1 kB"), (41_499, "41 kB"), (999_499, "999 kB"), (999_500, "1.0 MB"),
            (1_340_000, "1.3 MB"), (9_949_999, "9.9 MB"), (9_950_000, "10 MB"), (212_499_999, "212 MB"),
        ])
    func counted(bytes: Int, text: String) { #expect(ByteCount(bytes).description == text) }

    @Test("is taken apart, kept, and packed in part by scripts that do it for real")
    func scripts() async throws {
        try await TemporaryFolder.during { folder in
            for (name, text) in ["a/layer.tar": "first", "b/layer.tar": "second", "c.json": "{}"] {
                _ = try LocalProgram("mkdir", "-p", folder.path("saved/\(name.prefix(1))"))
                try folder.write("saved/\(name)", text)
            }
            try folder.write("saved/manifest.json", #"[{"Config":"c.json","Layers":["a/layer.tar","b/layer.tar"]}]"#)
            let docker = "#!/bin/sh\ncase $1 in save) exec tar -cf - -C \(folder.path("saved")) .;; *) echo sha256:feed;; esac\n"
            _ = try LocalProgram("mkdir", folder.path("bin"))
            try folder.write("bin/docker", docker, mode: 0o755)
            func run(_ command: Command) throws -> LocalProgram {
                guard case .bytes(let input) = command.reading(command.input == .none ? .bytes([]) : command.input).input else {
                    return try LocalProgram("false")
                }
                return try LocalProgram("sh", "-c", "PATH=\(folder.path("bin")):$PATH; \(command.line)", input: input)
            }
            let store = ImageStore(release: Example.release, place: folder.path("store"), passing: folder.path("passing"))

            let saved = try #require(SavedImage.one(try run(store.unpack).output))
            let kept = try ImageParts(printed: try run(store.keep(saved)).output, by: "kubmaster")
            #expect(kept.config.digest == SHA256.hex(Array("{}".utf8)))
            #expect(kept.layers.map(\.digest) == ["first", "second"].map { SHA256.hex(Array($0.utf8)) })
            #expect(kept.layers.map(\.size) == [5, 6])
            #expect(try ImageParts(printed: try run(store.unpack).output, by: "kubmaster") == kept)

            let files = PartialArchive(parts: kept, reference: Example.release.reference)
            let count = Command("tar", "-tf", "-")
            let archive = try run(try store.archive(files, of: [kept.layers[1].digest], into: count))
            let expected = ["index.json", "manifest.json", "oci-layout"] + files.files.keys.filter { $0.hasPrefix("blobs/") }
            let listed = archive.output.split(separator: "\n").map(String.init).filter { !$0.hasSuffix("/") }
            #expect(listed.sorted() == (expected + ["blobs/sha256/\(kept.layers[1].digest)"]).sorted())
            let packed = try PackedArchive(printed: try run(try store.pack(files, of: [kept.layers[1].digest])).output, by: "kubmaster")
            let path = folder.path("passing/\(packed.sha256).tar.zst")
            let content = try Data(contentsOf: URL(filePath: path))
            #expect((SHA256.hex(Array(content)), content.count) == (packed.sha256, packed.size))
            let unpacked = try LocalProgram("tar", "--zstd", "-tf", path).output.split(separator: "\n").map(String.init)
            #expect(unpacked.filter { !$0.hasSuffix("/") }.sorted() == listed.sorted())
            #expect(try LocalProgram("ls", folder.path("passing")).output == "\(packed.sha256).tar.zst\n")
            let left = try LocalProgram("ls", folder.path("store")).output
            #expect(left == "0123456789abcdef\nblobs\nlock\n")
        }
    }
}
