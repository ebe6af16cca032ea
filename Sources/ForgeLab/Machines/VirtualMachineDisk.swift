import ForgeCore
import ForgeInventory
import ForgeTemplates

/// A virtual machine's disk: an image of a prepared root file system, its kernel and initrd beside it, and the seed
/// that cloud-init finds.
struct VirtualMachineDisk: Sendable {
    /// Sparse: it takes what the machine writes.
    private static let size = "20G"

    let machine: Machine

    var image: String { "\(machine.folder)/disk.img" }
    var seed: String { "\(machine.folder)/seed.iso" }
    var kernel: String { "\(machine.folder)/vmlinuz" }
    var initrd: String { "\(machine.folder)/initrd" }
    var hostKeys: String { "\(machine.folder)/ssh" }

    /// Written when all else is.
    private var completed: String { "\(machine.folder)/complete" }

    private var computer: LocalHost { machine.layout.computer }
    private var files: String { "\(machine.layout.files)/vm" }

    func make(from lower: RootFileSystem) async throws {
        guard !computer.exists(completed) else { return }
        let disk = machine.disk
        try await disk.prepare(from: lower)
        try await disk.work("unshare", "--mount", "sh", "\(files)/make-disk", Word(machine.folder), Word(Self.size))
            .finish()
        try writeSeed()
        try await computer.finish(
            Command(
                "genisoimage", "-quiet", "-volid", "cidata", "-rational-rock", "-joliet", "-output", Word(seed),
                Word(seedFiles)))
        try await disk.discardLayers()
        try computer.replace(completed, with: "")
    }

    private var seedFiles: String { "\(machine.folder)/seed" }

    private func writeSeed() throws {
        guard let key = computer.read("\(hostKeys)/ssh_host_ed25519_key"),
            let half = computer.read("\(hostKeys)/ssh_host_ed25519_key.pub"),
            let keys = computer.read("\(machine.layout.files)/authorized_keys")
        else { throw Problem(what: "\(machine.host.name) has no keys", fix: "kubeforge lab down, and up again") }
        let seed = Seed(
            host: machine.host, network: machine.layout.network, keys: keys.split(separator: "\n").map(String.init),
            hostKey: key,
            publicHostKey: half,
            hardwareAddress: Tap(network: machine.layout.network, host: machine.host, computer: computer)
                .hardwareAddress
        )
        for (name, text) in try seed.files(machine.layout.templates) {
            // It holds the machine's private host key.
            try computer.replace("\(seedFiles)/\(name)", with: text, mode: 0o600)
        }
    }
}

/// What a cloud tells cloud-init at a machine's first boot: its name, its address, who may log in. The texts are in
/// `templates/lab/vm/seed`.
struct Seed: Sendable, Hashable {
    let host: Host
    let network: LabNetwork
    /// Public keys of who may log in.
    let keys: [String]
    let hostKey: String
    let publicHostKey: String
    let hardwareAddress: String

    func files(_ templates: Templates) throws(Problem) -> [String: String] {
        [
            "meta-data": try templates["lab/vm/seed/meta-data"].render(["machine": host.name.yamlQuoted]),
            "network-config": try templates["lab/vm/seed/network-config"].render([
                "hardwareAddress": hardwareAddress.yamlQuoted, "address": "\(host.address)/24",
                "gateway": "\(network.bridgeAddress)",
            ]),
            "user-data": try templates["lab/vm/seed/user-data"].render([
                "user": host.access.user.yamlQuoted, "hidesRoot": host.access.user == "root" ? "false" : "true",
                "keys": keys.map(\.yamlQuoted).joined(separator: ", "), "hostKey": hostKey.yamlQuoted,
                "publicHostKey": publicHostKey.yamlQuoted,
            ]),
        ]
    }
}
