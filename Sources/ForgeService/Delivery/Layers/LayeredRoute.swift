import ForgeCore
import ForgeInventory
import ForgePlan

/// By layers: a node gets those that it lacks, in one archive that the builder or another node sends it over the machines' own network.
package struct LayeredRoute: ImageRoute {
    private let builder: Host
    private let runtime: NodeRuntime
    private let passages: LayerPassages

    /// `folder`: where archives lie on the operator's machine when no machine can send them; one for each cluster.
    package init(from builder: Host, runtime: Cluster.Runtime, folder: String) {
        self.builder = builder
        self.runtime = NodeRuntime(kind: runtime)
        passages = LayerPassages(folder: folder)
    }

    package func bring(_ release: Release, to node: Machine) async throws {
        let (isBuilder, builder) = (node.host.name == builder.name, builder.name)
        let parts = try await passages.parts(of: release) { isBuilder ? node : try await node.peer(builder) }
        // What lies there on the builder may be on its way to others.
        if !isBuilder { try await node.run(PackedArchive.removeAll) }
        let missing = runtime.missing(of: parts, held: try await node.run(runtime.held).text)
        let count = "\(missing.count) of \(parts.layers.count) layers"
        let fix = "is there space left on \(node.host.name)? `df -h /var/lib` tells"
        if isBuilder {
            let files = PartialArchive(parts: parts, reference: release.reference)
            let digests = [parts.config.digest] + missing.map(\.digest)
            try await node.run(try ImageStore(release: release).archive(files, of: digests, into: runtime.load), fix: fix)
            node.tell("\(count)")
        } else {
            let passage = try await passages.passage(release, parts, layers: missing, from: builder)
            let (archive, way) = try await passage.bring(to: node, into: runtime.load, fix: fix)
            for line in way.told(ByteCount(archive.size), after: count) { node.tell(line) }
        }
    }
}

extension Passage.Way {
    fileprivate func told(_ size: ByteCount, after count: String) -> [Difference] {
        switch self {
        case .from(let source): ["\(count), \(size) from \(source)"]
        case .throughOperator(let why): ["\(count), \(size) through this computer", "not from machine to machine: \(why)"]
        }
    }
}
