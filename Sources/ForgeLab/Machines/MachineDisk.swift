import ForgeCore
import ForgeInventory
import ForgeTemplates

/// A machine's file system: its own layer over the one that all machines share, and /var as a plain directory.
struct MachineDisk: Sendable {
    let machine: Machine

    /// The machine's / as the host sees it.
    var root: String { "\(machine.directory)/root" }

    /// The machine's /var: containerd, Docker and the kubelet keep overlays there, and those cannot lie on an overlay.
    var variable: String { "\(machine.directory)/var" }

    /// Written when all else is; holds the lower layer, which a newer kubeforge would choose differently.
    private var completed: String { "\(machine.directory)/lower" }

    private var computer: LocalHost { machine.layout.computer }

    /// Makes the disk as it is delivered, unless it is there.
    func make(from lower: RootFileSystem) async throws {
        guard !computer.exists(completed) else { return }
        try await prepare(from: lower)
        try computer.replace(completed, with: lower.directory)
    }

    /// A root file system at `root` as it is delivered, from nothing.
    func prepare(from lower: RootFileSystem) async throws {
        // Of a kubeforge that was killed.
        try await work().group.end()
        try await discard()
        for directory in Self.layers { try computer.makeDirectory("\(machine.directory)/\(directory)") }
        try await work("cp", "-a", Word("\(lower.directory)/var"), Word(variable)).finish()
        try await mount(lower.directory)
        try await preparation.finish()
    }

    /// What a machine with a disk image of its own needs no more.
    func discardLayers() async throws {
        try await Mounts.unmount(below: machine.directory, computer)
        let layers = (Self.layers + ["var"]).map { Word("\(machine.directory)/\($0)") }
        try await computer.finish(Command(["rm", "-rf", "--one-file-system"] + layers).within(.seconds(3600)))
    }

    private static let layers = ["root", "upper", "work"]

    func work(_ words: Word...) -> GroupedCommand {
        GroupedCommand(part: "\(machine.host.name).disk", command: Command(words), layout: machine.layout)
    }

    func mount() async throws {
        guard let lower = computer.read(completed) else {
            throw Problem(what: "\(machine.host.name) has no file system", fix: "kubeforge lab up")
        }
        try await mount(lower)
    }

    func discard() async throws {
        try await Mounts.unmount(below: machine.directory, computer)
        try await computer.finish(
            Command("rm", "-rf", "--one-file-system", Word(machine.directory)).within(.seconds(3600)))
    }

    private func mount(_ lower: String) async throws {
        guard Mounts.points(below: root, in: computer.read("/proc/self/mounts") ?? "").isEmpty else { return }
        let layers = "lowerdir=\(lower),upperdir=\(machine.directory)/upper,workdir=\(machine.directory)/work"
        try await computer.finish(Command("mount", "-t", "overlay", "-o", Word(layers), "overlay", Word(root)))
    }

    private var preparation: GroupedCommand {
        let files = machine.layout.files
        let installation = machine.installation
        // With the machine's /var in its place, for as long as this takes.
        let mounted = "mount --bind \"$1\" \"$2/var\" && shift && exec sh \"$0\" \"$@\""
        return work(
            "unshare", "--mount", "sh", "-c", Word(mounted), "\(files)/prepare", Word(variable), Word(root),
            "\(machine.layout.network.bridgeAddress)", Word(machine.host.access.user), "\(files)/authorized_keys",
            Word(Kernel(computer: computer).release), Word(files), Word(installation.distribution.rawValue),
            Word(installation.profile.rawValue), Word(machine.layout.cluster.lab.driver.rawValue))
    }
}

/// A distribution as small as a machine can be: made once, then the lower layer of the overlay of every machine with
/// this installation.
struct RootFileSystem: Sendable {
    static let packages = [
        "systemd", "systemd-sysv", "dbus", "openssh-server", "sudo", "ca-certificates", "curl", "gnupg", "iproute2",
        "iputils-ping",
        "procps", "kmod", "udev", "mount", "python3-minimal",
    ]

    let layout: LabLayout
    let installation: Installation
    /// All that is in it from the beginning; what these need comes with them.
    let packages: [String]
    private let script: String

    init(_ layout: LabLayout, _ installation: Installation) throws(Problem) {
        self.layout = layout
        self.installation = installation
        let habits = installation.profile == .cloud ? Habits(layout.templates).packages : []
        packages = Self.packages + habits + layout.cluster.lab.driver.packages
        script = try layout.templates["lab/machine/make-rootfs"].text
    }

    /// Named after what makes it, so that a change makes a new one and leaves the old one to the machines that stand on
    /// it.
    var directory: String {
        let made = script + installation.distribution.debian + packages.joined(separator: " ")
        return "\(layout.cache.rootFileSystems)/\(SHA256.hex(made).prefix(16))"
    }

    func make(progress: LabProgress) async throws {
        let title = "the root file system of \(installation.title) is made"
        // What an mmdebstrap that was killed has left, before it had mounts of its own.
        for directory in [directory, "\(directory).new"] { try await Mounts.unmount(below: directory, layout.computer) }
        guard !layout.computer.exists(directory) else { return progress.unchanged(title) }
        try await progress.during(title, usually: "50 s, once") {
            _ = try await layout.computer.finish(command, fix: "see that `apt-get update` works on this computer") {
                progress.say($0.text)
            }
        }
    }

    /// Long, because it may wait for another kubeforge that makes the same.
    var command: Command {
        let arguments = [directory, installation.distribution.debian, packages.joined(separator: ",")].map { Word($0) }
        return Command(Mounts.ownNamespace + ["sh", "-c", Word(script), "make-rootfs"] + arguments).within(
            .seconds(3600))
    }
}

/// What images of clouds and owners of machines do, one file each below `templates/lab/machine/habits`; `prepare` runs
/// them in order.
private struct Habits: Sendable, Hashable {
    /// Those that the files name in a line `# Packages: …`: they are part of the root file system.
    let packages: [String]

    init(_ templates: Templates) {
        let files = templates.directory("lab/machine/habits").sorted { $0.key < $1.key }
        packages = files.flatMap { file in
            file.value.split(separator: "\n").filter { $0.hasPrefix(Self.sign) }
                .flatMap { $0.dropFirst(Self.sign.count).split(separator: " ").map(String.init) }
        }
    }

    private static let sign = "# Packages: "
}

/// A virtual machine's disk: an image of a prepared root file system, its kernel and initrd beside it, and the seed
/// that cloud-init finds.
struct VirtualMachineDisk: Sendable {
    /// Sparse: it takes what the machine writes.
    private static let size = "20G"

    let machine: Machine

    var image: String { "\(machine.directory)/disk.img" }
    var seed: String { "\(machine.directory)/seed.iso" }
    var kernel: String { "\(machine.directory)/vmlinuz" }
    var initrd: String { "\(machine.directory)/initrd" }
    var hostKeys: String { "\(machine.directory)/ssh" }

    /// Written when all else is.
    private var completed: String { "\(machine.directory)/complete" }

    private var computer: LocalHost { machine.layout.computer }
    private var files: String { "\(machine.layout.files)/vm" }

    func make(from lower: RootFileSystem) async throws {
        guard !computer.exists(completed) else { return }
        let disk = machine.disk
        try await disk.prepare(from: lower)
        try await disk.work("unshare", "--mount", "sh", "\(files)/make-disk", Word(machine.directory), Word(Self.size))
            .finish()
        try writeSeed()
        try await computer.finish(
            Command(
                "genisoimage", "-quiet", "-volid", "cidata", "-rational-rock", "-joliet", "-output", Word(seed),
                Word(seedFiles)))
        try await disk.discardLayers()
        try computer.replace(completed, with: "")
    }

    private var seedFiles: String { "\(machine.directory)/seed" }

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
