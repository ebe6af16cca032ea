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
        for (name, text) in site.templates.folder("lab/vm") where site.cluster.lab.driver == .vm {
            try site.computer.replace("\(site.files)/vm/\(name)", with: text)
        }
        try site.computer.replace("\(site.files)/built-in", with: kernel.builtIn.joined(separator: "\n") + "\n")
        try site.computer.replace("\(site.files)/authorized_keys", with: try await keys().joined(separator: "\n") + "\n")
        if let key = site.computer.read("\(site.cache.gnupg)/key.asc") { try site.computer.replace("\(site.files)/key.asc", with: key) }
    }

    /// The lab's own key, and those that the inventory names.
    private func keys() async throws -> [String] {
        let own = site.operatorFiles.sshKey
        if !site.computer.exists(own) { try await makeKey(own) }
        let paths = [own] + site.cluster.hosts.compactMap(\.access.keyPath)
        let keys = paths.compactMap { site.computer.read($0 + ".pub") }.map { $0.trimming(while: \.isWhitespace) }
        return Array(Set(keys)).sorted()
    }

    /// Made where only root reads; the private half gets its place last, since that is what is looked for.
    private func makeKey(_ path: String) async throws {
        let new = "\(site.folder)/id_ed25519"
        for old in [new, new + ".pub"] where site.computer.exists(old) { try site.computer.remove(old) }
        try await site.computer.finish(Command("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "kubeforge-lab", "-f", Word(new)))
        for (suffix, mode) in [(".pub", 0o644), ("", 0o600)] {
            guard let text = site.computer.read(new + suffix) else { throw Problem(what: "ssh-keygen wrote no \(new)\(suffix)") }
            try site.operatorFiles.write(path + suffix, text, mode: mode)
            try site.computer.remove(new + suffix)
        }
    }
}
