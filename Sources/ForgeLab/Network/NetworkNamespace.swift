import ForgeCore

/// A named network namespace is a file with a mount on it, and each can be there without the other.
enum NetworkNamespace {
    static let folder = "/run/netns"

    static func remove(_ name: String, _ computer: LocalHost) async throws {
        let path = "\(folder)/\(name)"
        guard computer.exists(path) else { return }
        // Lazily, as `ip netns` does it: whoever still has it open keeps a namespace without a name.
        while try await computer.run(Command("umount", "--lazy", Word(path))).isSuccess {}
        try computer.remove(path)
    }

    /// All of the lab's, including those of hosts that are no longer in the inventory.
    static func names(_ lab: LabName, _ computer: LocalHost) -> [String] {
        computer.names(in: folder).filter { $0.hasPrefix(lab.prefix) }
    }

    /// `ip netns add` mounts the folder onto itself; the last lab to go takes the mount away.
    static func removeFolderIfEmpty(_ computer: LocalHost) async throws {
        guard computer.exists(folder), computer.names(in: folder).isEmpty else { return }
        _ = try await computer.run(Command("umount", Word(folder)))
    }
}
