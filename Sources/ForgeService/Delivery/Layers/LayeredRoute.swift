import ForgeCore
import ForgeInventory
import ForgePlan

/// By layers: a node gets those that it lacks, in one archive that goes through the operator's machine. Nodes need not trust each other.
package struct LayeredRoute: ImageRoute {
    private let builder: Host
    private let runtime: NodeRuntime
    private let archives: LayerArchives

    /// `folder`: where archives lie on the operator's machine while they are sent; one for each cluster.
    package init(from builder: Host, runtime: Cluster.Runtime, folder: String) {
        self.builder = builder
        self.runtime = NodeRuntime(kind: runtime)
        archives = LayerArchives(folder: folder)
    }

    package func bring(_ release: Release, to node: Machine) async throws {
        let (isBuilder, builder) = (node.host.name == builder.name, builder.name)
        let source: @Sendable () async throws -> Machine = { isBuilder ? node : try await node.peer(builder) }
        let parts = try await archives.parts(of: release, on: source)
        let missing = runtime.missing(of: parts, held: try await node.run(runtime.held).text)
        let fix = "is there space left on \(node.host.name)? `df -h /var/lib/\(runtime.kind.rawValue)` tells"
        if isBuilder {
            let files = PartialArchive(parts: parts, reference: release.reference)
            let digests = [parts.config.digest] + missing.map(\.digest)
            try await node.run(try ImageStore(release: release).archive(files, of: digests, into: runtime.load), fix: fix)
            node.tell("\(missing.count) of \(parts.layers.count) layers")
        } else {
            let file = try await archives.file(release, parts, layers: missing, from: source)
            try await node.run(unpack.reading(.file(file.path)), fix: fix)
            node.tell("\(missing.count) of \(parts.layers.count) layers, \(ByteCount(file.size)) sent")
        }
    }

    private var unpack: Command {
        Command("bash", "-o", "pipefail", "-c", Word("gzip -dc | \(runtime.load.line)")).asRoot().within(runtime.load.timeLimit)
    }
}
