import ForgeCore
import Foundation

/// An image taken apart: its configuration and its layers, each named by its content.
package struct ImageParts: Sendable, Hashable {
    package let config: Blob
    /// From the base image's first to the service's last.
    package let layers: [Blob]

    /// A piece of an image.
    package struct Blob: Sendable, Hashable {
        /// 64 hexadecimal digits of its sha256.
        package let digest: String
        /// Bytes.
        package let size: Int
        /// How a layer is packed, as the end of its media type: nothing, `+gzip` or `+zstd`.
        package let packing: String

        package init(digest: String, size: Int, packing: String = "") {
            self.digest = digest
            self.size = size
            self.packing = packing
        }
    }

    package init(config: Blob, layers: [Blob]) {
        self.config = config
        self.layers = layers
    }

    /// From the lines that the machine with the parts prints, such as `layer <sha256> <bytes> <first four bytes in hexadecimal>`.
    init(printed text: String, by host: String) throws(Problem) {
        var (config, layers): (Blob?, [Blob]) = (nil, [])
        for line in text.split(whereSeparator: \.isNewline) {
            let words = line.split(separator: " ").map(String.init)
            guard words.count == 4, words[1].utf8.count == 64, let size = Int(words[2]) else { continue }
            let blob = Blob(digest: words[1], size: size, packing: Self.packing(words[3]))
            if words[0] == "layer" { layers.append(blob) } else { config = blob }
        }
        guard let config, !layers.isEmpty else {
            throw Problem(
                what: "\(host): the image cannot be taken apart into its layers",
                why: text.split(whereSeparator: \.isNewline).last.map(String.init),
                fix: "remove /var/lib/kubeforge/images on \(host), and run again")
        }
        self.init(config: config, layers: layers)
    }

    /// Docker saves layers unpacked or packed, depending on where it keeps its images. A file's first bytes tell.
    private static func packing(_ start: String) -> String {
        start.hasPrefix("1f8b") ? "+gzip" : start == "28b52ffd" ? "+zstd" : ""
    }
}

/// `manifest.json` in an archive of `docker save`: where the parts lie.
struct SavedImage: Decodable {
    let config: String
    let layers: [String]

    private enum CodingKeys: String, CodingKey {
        case config = "Config"
        case layers = "Layers"
    }

    /// The archive's only image.
    static func one(_ json: String) -> SavedImage? {
        (try? JSONDecoder().decode([SavedImage].self, from: Data(json.utf8)))?.first
    }
}
