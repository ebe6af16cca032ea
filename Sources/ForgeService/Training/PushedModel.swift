import ForgeCore

/// A model directory of this computer on its way into the model store.
package struct PushedModel: Sendable, Hashable {
    /// A version is fetched into a volume of 1 GiB, and is in a pod's memory when it is checked there.
    package static let largest = 1_000_000_000

    /// As it was typed.
    let shown: String
    /// Its files, as tar packs them.
    let archive: [UInt8]

    /// Reads it, by the rules of a build context. `directory`: absolute; `shown`: as it was typed.
    package init(_ directory: String, as shown: String) throws(Problem) {
        self.shown = shown
        archive = try TarArchive(try ModelFiles(directory: directory, limit: Self.largest).read()).bytes
    }
}
