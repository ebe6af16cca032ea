import ForgeCore
import ForgeInventory
import ForgeTemplates

/// Writes out what shells on the host run and what machines get: `templates/lab/machine`, keys, and what this kernel makes necessary.
struct MachineFiles: Sendable {
    let site: Site

    func write() async throws {
        let kernel = Kernel(computer: site.computer)
        for (name, text) in site.templates.folder("lab/machine") where name != "runc" || !kernel.hasResourceCapability {
            try site.computer.replace("\(site.files)/\(name)", with: text)
        }
        try site.computer.replace("\(site.files)/built-in", with: kernel.builtIn.joined(separator: "\n") + "\n")
        try site.computer.replace("\(site.files)/authorized_keys", with: try await keys().joined(separator: "\n") + "\n")
        if let key = site.computer.read("\(site.cache.apt)/key.asc") { try site.computer.replace("\(site.files)/key.asc", with: key) }
    }

    /// The lab's own key, and those that the inventory names.
    private func keys() async throws -> [String] {
        if !site.computer.exists(site.cache.sshKey) { try await makeKey() }
        let paths = [site.cache.sshKey] + site.cluster.hosts.compactMap(\.access.keyPath)
        let keys = paths.compactMap { site.computer.read($0 + ".pub") }.map { $0.trimming(while: \.isWhitespace) }
        return Array(Set(keys)).sorted()
    }

    private func makeKey() async throws {
        let path = site.cache.sshKey
        try site.computer.makeFolder(String(path[..<path.lastIndex(of: "/")!]))
        let new = path + ".new"
        for old in [new, new + ".pub"] where site.computer.exists(old) { try site.computer.remove(old) }
        try await site.computer.finish(Command("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "kubeforge-lab", "-f", Word(new)))
        // The private half last: it is what is looked for.
        try await site.computer.finish(Command("mv", Word(new + ".pub"), Word(path + ".pub")))
        try await site.computer.finish(Command("mv", Word(new), Word(path)))
    }
}
