import ForgeCore

/// An inventory file becomes a `Cluster`, or all of its problems.
package struct InventoryReader: Sendable {
    /// The home directory that a leading `~` in paths means.
    package let home: String

    package init(home: String) { self.home = home }

    /// Reads and checks the file; nothing is contacted. Relative paths in it count from the directory it lies in.
    ///
    /// What is thrown holds all problems of the file in its order, each with line and column where the file could be
    /// read.
    package func read(_ path: String) throws(Problems) -> Cluster {
        try read(try InventoryFile(path: path).text(), at: path)
    }

    /// The same of a text that may not be in the file yet.
    func read(_ text: String, at path: String) throws(Problems) -> Cluster {
        let diagnostics = Diagnostics(path: path)
        do throws(YAMLSyntaxError) {
            guard let node = try YAMLDocument(text).root() else {
                let isEmpty = text.allSatisfy(\.isWhitespace)
                throw YAMLSyntaxError(
                    error: ValidationError(
                        isEmpty ? "is empty" : "has nothing but comments", fix: InventoryExample.advice),
                    location: .start)
            }
            let root = Field(name: "", node: node, keyLocation: .start, diagnostics: diagnostics)
            let section = ClusterSection(path: path, paths: LocalPath(home: home, inventory: path))
            if let cluster = section.read(root), diagnostics.problems == nil { return cluster }
        } catch {
            diagnostics.add(error.error, at: error.location)
        }
        throw diagnostics.problems ?? Problems([Problem(.invalidInventory, what: "\(path): cannot be read")])
    }
}

extension InventoryReader {
    /// Every key that an inventory can have, with the keys that lead to it: `hosts.ssh.port`. inventory/example.yaml
    /// shows them all.
    package static var keys: [String] {
        ClusterSection.keys + below("docker", ClusterSection.dockerKeys) + below("hosts", HostsSection.keys)
            + below("hosts.ssh", SSHSettings.hostKeys) + below("ssh", SSHSettings.keys)
            + below("mirrors", MirrorsSection.keys)
            + below("mirrors.apt", MirrorsSection.repositories)
            + below("mirrors.apt.docker", MirrorsSection.repositoryKeys)
            + below("mirrors.apt.kubernetes", MirrorsSection.repositoryKeys) + below("service", ServiceSection.keys)
            + below("service.data", ServiceSection.dataKeys) + below("service.resources", ServiceSection.resourcesKeys)
            + below("service.tls", AccessSection.tlsKeys) + below("service.replicas", AccessSection.replicasKeys)
            + below("service.registry", RegistrySection.keys)
            + below("service.models", ServiceSection.modelsKeys)
            + below("mirrors.apt.debian", MirrorsSection.debianKeys)
            + below("mirrors.criDockerd", MirrorsSection.archiveKeys) + below("proxy", ProxySection.keys)
            + below("lab", LabSection.keys)
            + below("lab.hosts.<host>", LabSection.hostKeys)
    }

    private static func below(_ section: String, _ keys: [String]) -> [String] { keys.map { "\(section).\($0)" } }
}
