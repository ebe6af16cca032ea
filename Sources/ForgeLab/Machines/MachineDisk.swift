import ForgeCore
import ForgeInventory

/// A machine's file system: its own layer over the one that all machines share, and /var as a plain folder.
struct MachineDisk: Sendable {
    let machine: Machine

    /// The machine's / as the host sees it.
    var root: String { "\(machine.folder)/root" }

    /// The machine's /var: containerd, Docker and the kubelet keep overlays there, and those cannot lie on an overlay.
    var variable: String { "\(machine.folder)/var" }

    /// Written when all else is; holds the lower layer, which a newer kubeforge would choose differently.
    private var completed: String { "\(machine.folder)/lower" }

    private var computer: LocalHost { machine.layout.computer }

    /// Makes the disk as it is delivered, unless it is there.
    func make(from lower: RootFileSystem) async throws {
        guard !computer.exists(completed) else { return }
        try await prepare(from: lower)
        try computer.replace(completed, with: lower.folder)
    }

    /// A root file system at `root` as it is delivered, from nothing.
    func prepare(from lower: RootFileSystem) async throws {
        // Of a kubeforge that was killed.
        try await work().group.end()
        try await discard()
        for folder in Self.layers { try computer.makeFolder("\(machine.folder)/\(folder)") }
        try await work("cp", "-a", Word("\(lower.folder)/var"), Word(variable)).finish()
        try await mount(lower.folder)
        try await preparation.finish()
    }

    /// What a machine with a disk image of its own needs no more.
    func discardLayers() async throws {
        try await Mounts.unmount(below: machine.folder, computer)
        let layers = (Self.layers + ["var"]).map { Word("\(machine.folder)/\($0)") }
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
        try await Mounts.unmount(below: machine.folder, computer)
        try await computer.finish(
            Command("rm", "-rf", "--one-file-system", Word(machine.folder)).within(.seconds(3600)))
    }

    private func mount(_ lower: String) async throws {
        guard Mounts.points(below: root, in: computer.read("/proc/self/mounts") ?? "").isEmpty else { return }
        let layers = "lowerdir=\(lower),upperdir=\(machine.folder)/upper,workdir=\(machine.folder)/work"
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
