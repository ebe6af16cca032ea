import ForgeCore
import ForgeInventory

/// Takes a lab away. It goes by names, not by records, so that it also finds what a killed `up` or a killed machine left.
struct LabRemoval: Sendable {
    let site: Site

    func run(_ progress: LabProgress) async throws {
        try await progress.during("the machines and servers of \(site.cluster.name) are gone", endProcesses)
        try await progress.during("the network \(site.network.subnet) is gone", removeNetwork)
        try await progress.during("the files of \(site.cluster.name) are gone", removeFiles)
    }

    /// The power supplies first: they would start a machine again.
    private func endProcesses() async throws {
        let groups = try await ProcessGroup.all(site.name, site.computer)
        let powers = groups.filter { $0.name.hasSuffix(NspawnDriver.powerSuffix) }
        for group in powers + groups { try await group.end() }
    }

    private func removeNetwork() async throws {
        for namespace in NetworkNamespace.names(site.name, site.computer) { try await NetworkNamespace.remove(namespace, site.computer) }
        try await NetworkNamespace.removeFolderIfEmpty(site.computer)
        let bridge = Bridge(network: site.network, name: site.name, computer: site.computer)
        guard bridge.isOurs || !bridge.exists else { return }
        for link in Cable.links(of: site.network, site.computer) { try await link.remove() }
        try await bridge.remove()
    }

    private func removeFiles() async throws {
        for machine in site.computer.names(in: "\(site.folder)/machines") {
            try await NspawnTraces(root: "\(site.folder)/machines/\(machine)/root", machine: site.name.of(machine)).remove(site.computer)
        }
        try await Mounts.unmount(below: site.folder, site.computer)
        let folders = [site.folder, site.operatorFiles.folder(of: site.cluster.name), site.lock].map { Word($0) }
        try await site.computer.finish(Command(["rm", "-rf", "--one-file-system"] + folders).within(.seconds(3600)))
    }
}

/// What systemd-nspawn leaves below /run when it is killed.
struct NspawnTraces: Sendable {
    private static let folder = "/run/systemd/nspawn"

    let root: String
    let machine: String

    func remove(_ computer: ThisComputer) async throws {
        _ = try await computer.run(Command("rmdir", "\(Self.folder)/propagate/\(machine)"))
        let inode = try await computer.run(Command("stat", "--format=%d:%i", Word(root)))
        guard inode.isSuccess else { return }
        let lock = "\(Self.folder)/locks/inode-\(inode.text.trimming(while: \.isWhitespace))"
        if computer.exists(lock) { try computer.remove(lock) }
    }
}
