import ForgeCore

/// The metadata.json of models that were just made, looked at before it is signed: it describes the version that its
/// pod names, and the digest in that name is the one of its files.
struct VersionDescription: Sendable {
    /// Names of columns and classes are in it, and never rows.
    static let largest = 16 << 20

    /// As they are signed.
    let bytes: [UInt8]

    /// Throws what is wrong with it. `host`: where it comes from.
    init(_ bytes: [UInt8], of version: String, from host: String) throws(Problem) {
        self.bytes = bytes
        guard let fault = Self.fault(bytes, version) else { return }
        throw Problem(
            what: "\(host): version \(version) is not signed", why: "its metadata.json \(fault)", fix: "run it again")
    }

    private static func fault(_ bytes: [UInt8], _ version: String) -> String? {
        if bytes.count > largest { return "has more than \(largest >> 20) MiB" }
        guard let content = JSONValue(bytes) else { return "is not JSON" }
        guard let said = content["version"]?.text, said == version else {
            return "is of version \(content["version"]?.description.shortened ?? "nothing")"
        }
        guard case .object(let files)? = content["files"], let golden = digest(files[Self.golden]) else {
            return "does not name golden.json with its sha256"
        }
        let others = files.keys.filter { $0 != Self.golden }.sorted {
            $0.unicodeScalars.lexicographicallyPrecedes($1.unicodeScalars)
        }
        let digests = others.compactMap { digest(files[$0]) }
        guard digests.count == others.count else { return "has a file without a sha256" }
        let sum = SHA256.hex((digests + [golden]).joined()).prefix(32)
        return version.hasSuffix("-\(sum)") ? nil : "describes other files than the version's name says"
    }

    private static let golden = "golden.json"

    private static func digest(_ file: JSONValue?) -> String? {
        file?["sha256"]?.text.flatMap { $0.wholeMatch(of: /[0-9a-f]{64}/) == nil ? nil : $0 }
    }
}
