import ForgeCore

/// A machine of systemd-nspawn: a file system and a cable of its own on this computer's kernel, with systemd as its
/// first process.
struct NspawnDriver: MachineDriver {
    let machine: Machine

    let patience = 2
    let bootLimit = Duration.seconds(60)
    /// systemd's own limit for a service that does not stop is 90 s.
    let rebootLimit = Duration.seconds(120)

    var hostKeys: String { "\(machine.disk.root)/etc/ssh" }

    private var layout: LabLayout { machine.layout }

    static let powerSuffix = ".power"

    /// What starts it again when it reboots.
    private var supervisorCommand: GroupedCommand {
        GroupedCommand(part: machine.host.name + Self.powerSuffix, command: powered, layout: layout)
    }

    /// Both write to the one pipe.
    var log: String { machine.console }

    func warning() async throws -> String? { nil }

    func makeDisk(from lower: RootFileSystem) async throws { try await machine.disk.make(from: lower) }

    func start() async throws {
        try await end()
        try await machine.vethPair.lay()
        try await machine.disk.mount()
        try layout.computer.replace(
            "\(machine.directory)/cgroups",
            with: CgroupPlacement(Kernel(computer: layout.computer)).list(machine.group.name))
        try await supervisorCommand.start(log: machine.console)
        try await waitForMachine()
    }

    /// The power supply starts in its own control groups, moves on to the machine's, and then says who it is there: who
    /// looks in between sees no machine.
    private func waitForMachine() async throws {
        let isOver = try await layout.computer.poll(within: .seconds(30), every: .milliseconds(20)) {
            if try await machine.isRunning() { return true }
            return try await supervisorCommand.group.processes().isEmpty
        }
        guard isOver else {
            throw Problem(what: "\(machine.host.name) does not start within 30 s", fix: "look at \(machine.console)")
        }
    }

    /// The power supply first: it would start the machine again.
    func end() async throws {
        try await supervisorCommand.group.end()
        try await machine.group.end()
    }

    /// systemd-nspawn's process; a reboot makes another one.
    var supervisor: Int32? {
        layout.computer.read("\(machine.directory)/nspawn.pid").flatMap { Int32($0.trimming(while: \.isWhitespace)) }
    }

    func boot() async throws -> String? { supervisor.map(String.init) }

    /// When systemd-nspawn is killed, what runs in the machine keeps running. An ordinary user may ask, too, who cannot
    /// read what is in the machine's directory.
    func isSupervising(_ processes: Set<Int32>) -> Bool {
        processes.contains { layout.computer.read("/proc/\($0)/comm") == "systemd-nspawn\n" }
    }

    func requestReboot() async throws {
        guard let supervisor, try await machine.group.processes().contains(supervisor),
            let children = layout.computer.read("/proc/\(supervisor)/task/\(supervisor)/children"),
            let first = children.split(separator: " ").first.flatMap({ Int32($0) })
        else { throw Problem(what: "\(machine.host.name) has no first process", fix: "look at \(machine.console)") }
        layout.computer.requestReboot(ofFirstProcess: first)
    }

    private var powered: Command {
        let kernel = Kernel(computer: layout.computer)
        let nspawn = NspawnCommand(
            root: machine.disk.root, variable: machine.disk.variable, machine: machine.group.name,
            namespacePath: machine.vethPair.namespacePath, isInScope: CgroupPlacement(kernel) == .scope,
            modules: kernel.modules,
            forcesOldGroups: machine.installation.distribution.refusesOldGroups && !kernel.groups.areUnified)
        return Command(
            ["sh", "\(layout.files)/power", Word(machine.directory), Word(layout.files)] + nspawn.command.words)
    }
}

/// The command line that boots a file system as a machine.
struct NspawnCommand: Sendable, Hashable {
    /// The machine's root file system.
    var root: String
    /// A directory of the host's that is /var in the machine: containerd's overlayfs cannot lie on an overlay.
    var variable: String
    var machine: String
    var namespacePath: String
    /// `systemd-run` in front, on hosts where systemd owns the one cgroup hierarchy.
    var isInScope: Bool
    /// The host's kernel modules, for modprobe in the machine; nil if the host has none.
    var modules: String?
    /// Tells the machine's systemd to make do with control groups of version 1, which 256 and later refuse.
    var forcesOldGroups = false

    var command: Command {
        // Without API_VFS_WRITABLE /proc/sys is read-only, and dockerd fails at "Enabling IP forwarding".
        Command(
            ["env", "SYSTEMD_NSPAWN_API_VFS_WRITABLE=yes"] + scope + [
                "systemd-nspawn", "--quiet", "--register=no", "--keep-unit", "--boot", "--directory=\(root)",
                "--machine=\(machine)",
                "--network-namespace-path=\(namespacePath)", "--capability=all", "--private-users=no",
                "--resolv-conf=off",
                "--timezone=off", "--link-journal=no", "--console=pipe", "--bind=/dev/kmsg", "--bind=\(variable):/var",
                "--system-call-filter=@mount @keyring @privileged bpf perf_event_open",
            ] + (modules.map { ["--bind-ro=\($0)"] } ?? []) + (forcesOldGroups ? Self.oldGroups : []))
    }

    /// To init, which takes them for words of the kernel's command line.
    private static let oldGroups: [Word] = [
        "--", "SYSTEMD_CGROUP_ENABLE_LEGACY_FORCE=1", "systemd.unified_cgroup_hierarchy=0",
    ]

    private var scope: [Word] {
        isInScope
            ? ["systemd-run", "--scope", "--quiet", "--collect", "--property=Delegate=yes", "--unit=\(machine)"] : []
    }
}
