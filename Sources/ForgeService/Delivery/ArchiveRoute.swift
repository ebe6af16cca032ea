import ForgeCore
import ForgeInventory
import ForgePlan

/// Through one archive on the operator's machine: it needs nothing but the connections that are there.
package struct ArchiveRoute: ImageRoute {
    private let builder: Host
    private let runtime: NodeRuntime
    private let archive: ImageArchive

    /// `folder`: where the archive is kept on the operator's machine; one for each cluster, so that two runs at once keep out of each other's way.
    package init(from builder: Host, runtime: Cluster.Runtime, folder: String) {
        self.builder = builder
        self.runtime = NodeRuntime(kind: runtime)
        archive = ImageArchive(folder: folder)
    }

    package func bring(_ release: Release, to node: Machine) async throws {
        let fix = "is there space left on \(node.host.name)? `df -h /var/lib/\(runtime.kind.rawValue)` tells"
        if node.host.name == builder.name {
            try await node.run(loadHere(release), fix: fix)
        } else {
            let file = try await archive.path(of: release) { try await node.peer(builder.name) }
            try await node.run(runtime.load.reading(.file(file)), fix: fix)
        }
    }

    /// Through a file and not a pipe: a pipe would hide that `docker save` failed.
    private func loadHere(_ release: Release) -> Command {
        let script = """
            set -eu
            file=$(mktemp /var/tmp/kubeforge.XXXXXX)
            trap 'rm -f -- "$file"' EXIT
            docker save --output "$file" -- "$1"
            \(runtime.load.line) < "$file"
            """
        return Command("sh", "-c", Word(script), "sh", Word(release.image)).asRoot().within(.seconds(3600))
    }
}
