import ForgeCore
import ForgePlan
import ForgeTestSupport
import Foundation
import Testing

@testable import ForgeService

@Suite("An archive on its way to the nodes")
struct PassageTests {
    @Test("is packed on the builder, sent to a port that the node opened for it, read there, and removed from both")
    func oneNode() async throws {
        let stage = DeliveryStage(nodes: 1)
        #expect(await stage.bring() == [])
        #expect(stage.news == ["node1: 1 of 2 layers, 41 kB from kubmaster"])
        // The scripts of the builder's store have tests of their own.
        let conversation = stage.lines().filter { !$0.contains("docker save") && !$0.contains("zstd") }.map { $0 + "\n" }.sorted()
        try Golden("one-node-by-layers.txt").expect(conversation.joined())
        #expect(stage.left == [])
    }

    @Test("reaches each of many nodes once, always from a machine that has it", arguments: [2, 5])
    func manyNodes(count: Int) async throws {
        let stage = DeliveryStage(nodes: count)
        #expect(await stage.bring() == [])
        let ways = stage.handovers.map { $0.components(separatedBy: " → ") }
        let told = ways.map { way in "\(way[1]): 1 of 2 layers, 41 kB from \(way[0])" }
        #expect(ways.map { $0[1] }.sorted() == stage.nodes.map { $0.name })
        #expect(stage.news == told.sorted())
        #expect(stage.left == [])
    }

    @Test("goes through the operator's machine where a source cannot send it, and then comes from the node that has it")
    func sourceFails() async throws {
        let refused = Output.failed(1, "2026/11/21 15:20:00 socat[9] E connect(5, AF=2 10.77.0.21:40001, 16): Connection refused")
        let stage = DeliveryStage(nodes: 1, faults: [.init(host: "kubmaster", command: "socat -u -T", output: refused)])
        #expect(await stage.bring() == [])
        #expect(
            stage.news == [
                "node1: 1 of 2 layers, 41 kB through this computer",
                "node1: not from machine to machine: kubmaster → node1: E connect(5, AF=2 10.77.0.21:40001, 16): Connection refused",
            ])
        #expect(stage.lines(with: "kubmaster: cat -- ") == ["kubmaster: cat -- \(DeliveryStage.path)"])
        #expect(stage.left == [])
    }

    @Test("is fetched once, and tried from machine to machine twice, where nothing gets through between the machines")
    func nothingGetsThrough() async throws {
        let hosts = ["kubmaster"] + (1...5).map { "node\($0)" }
        let stage = DeliveryStage(
            nodes: 5, faults: hosts.map { .init(host: $0, command: "socat -u -T", output: .failed(1, "E connect: Connection timed out")) })
        #expect(await stage.bring() == [])
        #expect(stage.news.filter { $0.hasSuffix("1 of 2 layers, 41 kB through this computer") }.count == 5)
        #expect(stage.left == [])
    }

    @Test("does not count against a source when the node cannot even listen")
    func receiverFails() async throws {
        let missing = Output.failed(127, "bash: line 3: socat: command not found")
        let stage = DeliveryStage(nodes: 3, faults: [.init(host: "node2", command: "TCP-LISTEN", output: missing)])
        #expect(await stage.bring() == [])
        #expect(stage.news.contains("node2: 1 of 2 layers, 41 kB through this computer"))
        #expect(stage.handovers.map { $0.suffix(5) }.sorted() == ["node1", "node3"])
        #expect(!stage.handovers.contains { $0.hasPrefix("node2") })
        #expect(stage.left == [])
    }

    @Test("is removed from everywhere when a node cannot read it, and reaches the others")
    func loadFails() async throws {
        let full = Output.failed(1, "ctr: no space left on device")
        let stage = DeliveryStage(nodes: 3, faults: [.init(host: "node3", command: "images import", output: full)])
        let problems = await stage.bring()
        #expect(problems.count == 1)
        #expect(problems.first?.contains("fix  is there space left on node3? `df -h /var/lib` tells") == true)
        #expect(stage.news.count == 2)
        #expect(stage.left == [])
    }

    @Test("fails with the builder's reason where it cannot be packed")
    func packFails() async throws {
        let full = Output.failed(1, "zstd: error 70 : Write error : cannot write block : No space left on device")
        let stage = DeliveryStage(nodes: 2, faults: [.init(host: "kubmaster", command: "zstd", output: full)])
        let problems = await stage.bring()
        #expect(problems.count == 2)
        #expect(problems.allSatisfy { $0.hasSuffix("fix  is there space left on kubmaster? `df -h /var/lib` tells") })
        #expect(stage.left == [])
    }

    @Test("gets its name on a machine only when it is what was sent")
    func arrival() async throws {
        try await TemporaryFolder.during { folder in
            let archive = PackedArchive(sha256: SHA256.hex(Array("layers".utf8)), size: 6)
            let take = archive.takeIn.line.replacing(PackedArchive.folder, with: folder.path("passing"))
            let half = try LocalProgram("sh", "-c", take, input: Array("lay".utf8))
            #expect((half.exitCode, half.output) == (1, "what came is not what was sent: 3 of 6 bytes\n"))
            let names = try LocalProgram("ls", folder.path("passing"))
            #expect(names.output == "")
            let whole = try LocalProgram("sh", "-c", take, input: Array("layers".utf8))
            #expect((whole.exitCode, whole.output) == (0, ""))
            let name = try LocalProgram("ls", folder.path("passing"))
            #expect(name.output == "\(archive.sha256).tar.zst\n")
        }
    }

    @Test("leaves nothing on this computer of runs that were killed, or of older versions of kubeforge")
    func abandoned() async throws {
        try await TemporaryFolder.during { folder in
            _ = try LocalProgram("mkdir", folder.path("images"))
            let own = "inference-\(ProcessInfo.processInfo.processIdentifier)-\(UUID().uuidString).tar.zst"
            for name in [
                "inference-99999999-\(UUID().uuidString).tar.zst", "inference-99999999-\(UUID().uuidString).tar.gz",
                "inference-0123456789abcdef.tar", own, "notes.txt",
            ] {
                try folder.write("images/\(name)", "")
            }
            Detour.removeAbandoned(in: folder.path("images"))
            let left = try LocalProgram("ls", folder.path("images"))
            #expect(left.output == "\(own)\nnotes.txt\n")
        }
    }
}
