import ForgeCore

/// An inventory file becomes a `Cluster`, or all of its problems.
package struct InventoryReader: Sendable {
    /// The home folder that a leading `~` in paths means.
    package let home: String

    package init(home: String) { self.home = home }

    /// Reads and checks the file; nothing is contacted. Relative paths in it count from the folder it lies in.
    package func read(_ path: String) throws -> Cluster {
        throw Problems([Problem(.invalidInventory, what: "\(path): not written yet")])
    }
}
