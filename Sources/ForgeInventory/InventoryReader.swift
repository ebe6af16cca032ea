import ForgeCore

/// An inventory file becomes a `Cluster`, or all of its problems.
package struct InventoryReader: Sendable {
    /// The home folder that a leading `~` in paths means.
    package let home: String
    /// The names that `cni:` can have.
    package let cnis: [String]

    package init(home: String, cnis: [String] = ["flannel"]) {
        self.home = home
        self.cnis = cnis
    }

    /// Reads and checks the file; nothing is contacted. Relative paths in it count from the folder it lies in.
    ///
    /// What is thrown holds all problems of the file in its order, each with line and column where the file could be
    /// read.
    package func read(_ path: String) throws(Problems) -> Cluster {
        let text = try InventoryFile(path: path).text()
        let diagnostics = Diagnostics(path: path)
        do throws(YAMLSyntaxError) {
            let root = Field(
                name: "", node: try YAMLDocument(text).root(), keyLocation: .start, diagnostics: diagnostics)
            let section = ClusterSection(path: path, paths: LocalPath(home: home, inventory: path), cnis: cnis)
            if let cluster = section.read(root), diagnostics.problems == nil { return cluster }
        } catch {
            diagnostics.add(error.error, at: error.location)
        }
        throw diagnostics.problems ?? Problems([Problem(.invalidInventory, what: "\(path): cannot be read")])
    }
}
