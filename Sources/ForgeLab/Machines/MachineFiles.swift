import ForgeCore
import ForgeInventory
import ForgeTemplates

/// Writes out what shells on the host run and what machines get: `templates/lab/machine`, keys, and what this kernel
/// makes necessary.
struct MachineFiles: Sendable {
    let layout: LabLayout

    func write() async throws {
        let kernel = Kernel(computer: layout.computer)
        for (name, text) in layout.templates.folder("lab/machine") where name != "runc" || !kernel.hasResourceCapability
        {
            try layout.computer.replace("\(layout.files)/\(name)", with: text)
        }
        for (name, text) in layout.templates.folder("lab/vm") where layout.cluster.lab.driver == .vm {
            try layout.computer.replace("\(layout.files)/vm/\(name)", with: text)
        }
        try layout.computer.replace("\(layout.files)/built-in", with: kernel.builtIn.joined(separator: "\n") + "\n")
        try layout.computer.replace(
            "\(layout.files)/authorized_keys", with: try await keys().joined(separator: "\n") + "\n")
        if let key = layout.computer.read("\(layout.cache.gnupg)/key.asc") {
            try layout.computer.replace("\(layout.files)/key.asc", with: key)
        }
    }

    /// The lab's own key, and those that the inventory names.
    private func keys() async throws -> [String] {
        let own = layout.operatorFiles.sshKey
        if !layout.computer.exists(own) { try await makeKey(own) }
        let paths = [own] + layout.cluster.hosts.compactMap(\.access.keyPath)
        let keys = paths.compactMap { layout.computer.read($0 + ".pub") }.map { $0.trimming(while: \.isWhitespace) }
        return Array(Set(keys)).sorted()
    }

    /// Made where only root reads; the private half gets its place last, since that is what is looked for.
    private func makeKey(_ path: String) async throws {
        let new = "\(layout.folder)/id_ed25519"
        for old in [new, new + ".pub"] where layout.computer.exists(old) { try layout.computer.remove(old) }
        try await layout.computer.finish(
            Command("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "kubeforge-lab", "-f", Word(new)))
        for (suffix, mode) in [(".pub", 0o644), ("", 0o600)] {
            guard let text = layout.computer.read(new + suffix) else {
                throw Problem(what: "ssh-keygen wrote no \(new)\(suffix)")
            }
            try layout.operatorFiles.write(path + suffix, text, mode: mode)
            try layout.computer.remove(new + suffix)
        }
    }
}
