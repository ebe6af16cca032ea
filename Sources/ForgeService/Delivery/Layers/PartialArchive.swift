import ForgeCore

/// What must be said about an image beside its parts, so that containerd and Docker both take an archive in that has only some of the layers:
/// the others are found by their digests in what the node has. An OCI layout for one, `manifest.json` for the other.
struct PartialArchive {
    let parts: ImageParts
    /// The name that the image gets on the node.
    let reference: String

    /// By path in the archive. The parts themselves belong beside them, into `blobs/sha256`.
    var files: [String: [UInt8]] {
        let manifest = Array(manifest.utf8)
        let digest = SHA256.hex(manifest)
        return [
            "oci-layout": Array(#"{"imageLayoutVersion":"1.0.0"}"#.utf8),
            "blobs/sha256/\(digest)": manifest,
            "index.json": Array(index(digest, size: manifest.count).utf8),
            "manifest.json": Array(dockerManifest.utf8),
        ]
    }

    private var manifest: String {
        let layers = parts.layers.map { descriptor("application/vnd.oci.image.layer.v1.tar\($0.packing)", $0.digest, $0.size) }
        let config = descriptor("application/vnd.oci.image.config.v1+json", parts.config.digest, parts.config.size)
        return
            #"{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":\#(config),"layers":[\#(layers.joined(separator: ","))]}"#
    }

    private func index(_ digest: String, size: Int) -> String {
        let name = #","annotations":{"io.containerd.image.name":"\#(reference)"}"#
        let manifest = descriptor("application/vnd.oci.image.manifest.v1+json", digest, size, name)
        return #"{"schemaVersion":2,"manifests":[\#(manifest)]}"#
    }

    private func descriptor(_ type: String, _ digest: String, _ size: Int, _ more: String = "") -> String {
        #"{"mediaType":"\#(type)","digest":"sha256:\#(digest)","size":\#(size)\#(more)}"#
    }

    private var dockerManifest: String {
        let layers = parts.layers.map { #""blobs/sha256/\#($0.digest)""# }.joined(separator: ",")
        return #"[{"Config":"blobs/sha256/\#(parts.config.digest)","RepoTags":["\#(reference)"],"Layers":[\#(layers)]}]"#
    }
}
