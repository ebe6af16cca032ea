import ForgeCore
import ForgeInventory

extension NodeRuntime {
    /// Prints what the node has of any image. containerd: the digests in its content store. Docker: the layers of each image, one image a line;
    /// nothing where Docker keeps its images in containerd's way, which tells the digests of unpacked layers only.
    var held: Command {
        switch kind {
        case .containerd: Command("ctr", "--namespace", "k8s.io", "content", "ls", "-q").asRoot()
        case .docker:
            Command(
                "sh", "-c",
                """
                docker info --format '{{range .DriverStatus}}{{println .}}{{end}}' | grep -q io.containerd.snapshotter && exit
                docker image ls -q --no-trunc | sort -u | xargs -r docker image inspect --format '{{join .RootFS.Layers " "}}'
                """
            ).asRoot()
        }
    }

    /// The layers that must be sent to a node that printed this.
    func missing(of parts: ImageParts, held text: String) -> [ImageParts.Blob] {
        switch kind {
        case .containerd:
            let held = Set(text.split(whereSeparator: \.isWhitespace).map(Self.digits))
            return parts.layers.filter { !held.contains($0.digest) }
        case .docker:
            // Docker finds a layer only where all below it are the same, too.
            let images = text.split(whereSeparator: \.isNewline).map { $0.split(separator: " ").map(Self.digits) }
            let shared = images.map { zip($0, parts.layers).prefix { $0 == $1.digest }.count }.max() ?? 0
            return Array(parts.layers.dropFirst(shared))
        }
    }

    private static func digits(_ digest: Substring) -> String { String(digest.split(separator: ":").last ?? "") }
}
