import ForgeCore
import ForgeInventory

/// One machine of a lab: a file system, a cable, and systemd as its first process.
struct Machine: Sendable {
    let host: Host
    let site: Site

    /// Its state on this computer.
    var folder: String { "\(site.folder)/machines/\(host.name)" }

    var installation: Installation { site.cluster.lab.installation(of: host.name) }

    var disk: MachineDisk { MachineDisk(machine: self) }

    var console: String { "\(folder)/console.log" }

    var cable: Cable { Cable(network: site.network, name: site.name, host: host, computer: site.computer) }

    /// Its processes.
    var group: ProcessGroup { ProcessGroup(name: site.name.of(host.name), computer: site.computer) }

    static let powerSuffix = ".power"

    /// What starts it again when it reboots.
    private var power: GroupedCommand { GroupedCommand(part: host.name + Self.powerSuffix, command: powered, site: site) }

    func isRunning() async throws -> Bool { try await !group.processes().isEmpty }

    /// From whatever a killed `up` left: nothing of it may still run when it starts.
    func start() async throws {
        try await end()
        try await cable.lay()
        try await disk.mount()
        try site.computer.replace("\(folder)/cgroups", with: Placement(Kernel(computer: site.computer)).list(group.name))
        try await power.start(log: console)
    }

    /// As if the cable to the wall were pulled; the file system stays.
    func end() async throws {
        try await power.group.end()
        try await group.end()
    }

    /// systemd-nspawn's process; a reboot makes another one.
    var supervisor: Int32? {
        site.computer.read("\(folder)/nspawn.pid").flatMap { Int32($0.trimming(while: \.isWhitespace)) }
    }

    /// Asks the machine's systemd for it, as `systemctl reboot` in it does.
    func requestReboot() async throws {
        guard let supervisor, try await group.processes().contains(supervisor),
            let children = site.computer.read("/proc/\(supervisor)/task/\(supervisor)/children"),
            let first = children.split(separator: " ").first.flatMap({ Int32($0) })
        else { throw Problem(what: "\(host.name) has no first process", fix: "look at \(console)") }
        site.computer.requestReboot(ofFirstProcess: first)
    }

    private var powered: Command {
        let kernel = Kernel(computer: site.computer)
        let nspawn = NspawnCommand(
            root: disk.root, variable: disk.variable, machine: group.name, namespacePath: cable.namespacePath,
            isInScope: Placement(kernel) == .scope, modules: kernel.modules,
            forcesOldGroups: installation.distribution.refusesOldGroups && !kernel.groups.areUnified)
        return Command(["sh", "\(site.files)/power", Word(folder), Word(site.files)] + nspawn.command.words)
    }
}
