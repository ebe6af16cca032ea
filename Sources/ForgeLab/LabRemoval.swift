import ForgeCore
import ForgeInventory

/// Takes a lab away. It goes by names, not by records, so that it also finds what a killed `up` or a killed machine
/// left.
struct LabRemoval: Sendable {
    let layout: LabLayout

    func run(_ progress: LabProgress) async throws {
        try await progress.during("the machines and servers of \(layout.cluster.name) are gone", endProcesses)
        try await progress.during("the network \(layout.network.subnet) is gone", removeNetwork)
        try await progress.during("the files of \(layout.cluster.name) are gone", removeFiles)
    }

    /// The power supplies first: they would start a machine again.
    private func endProcesses() async throws {
        let groups = try await Cgroup.all(layout.name, layout.computer)
        let powers = groups.filter { $0.name.hasSuffix(NspawnDriver.powerSuffix) }
        for group in powers + groups { try await group.end() }
    }

    private func removeNetwork() async throws {
        for namespace in NetworkNamespace.names(layout.name, layout.computer) {
            try await NetworkNamespace.remove(namespace, layout.computer)
        }
        try await NetworkNamespace.removeFolderIfEmpty(layout.computer)
        let bridge = Bridge(network: layout.network, name: layout.name, computer: layout.computer)
        guard bridge.isOurs || !bridge.exists else { return }
        for link in VethPair.links(of: layout.network, layout.computer) { try await link.remove() }
        try await bridge.remove()
    }

    private func removeFiles() async throws {
        for machine in layout.computer.names(in: "\(layout.folder)/machines") {
            try await NspawnLeftovers(
                root: "\(layout.folder)/machines/\(machine)/root", machine: layout.name.of(machine)
            ).remove(layout.computer)
        }
        try await Mounts.unmount(below: layout.folder, layout.computer)
        let folders = [layout.folder, layout.operatorFiles.folder(of: layout.cluster.name), layout.lock].map {
            Word($0)
        }
        try await layout.computer.finish(Command(["rm", "-rf", "--one-file-system"] + folders).within(.seconds(3600)))
    }
}

/// What systemd-nspawn leaves below /run when it is killed.
struct NspawnLeftovers: Sendable {
    private static let folder = "/run/systemd/nspawn"

    let root: String
    let machine: String

    func remove(_ computer: LocalHost) async throws {
        _ = try await computer.run(Command("rmdir", "\(Self.folder)/propagate/\(machine)"))
        let inode = try await computer.run(Command("stat", "--format=%d:%i", Word(root)))
        guard inode.isSuccess else { return }
        let lock = "\(Self.folder)/locks/inode-\(inode.text.trimming(while: \.isWhitespace))"
        if computer.exists(lock) { try computer.remove(lock) }
    }
}
