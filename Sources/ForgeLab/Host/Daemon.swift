import ForgeCore

/// A program of the lab that outlives kubeforge: in a session and in control groups of its own.
struct Daemon: Sendable {
    /// Its name among the lab's: `http`, `registry`, `kubmaster.power`.
    let part: String
    let log: String
    let command: Command
    let site: Site

    var group: ProcessGroup { ProcessGroup(name: site.name.of(part), computer: site.computer) }

    func start() async throws {
        let list = "\(site.files)/\(part).cgroups"
        let kernel = Kernel(computer: site.computer)
        try site.computer.replace(list, with: Placement(kernel).list(site.name.of(part)))
        let script: [Word] = ["sh", "\(site.files)/daemon", Word(list), Word(log)]
        try await site.computer.finish(Command(Placement(kernel).scope(site.name.of(part)) + script + command.words))
    }
}

/// How a program gets control groups of its own here.
enum Placement: Sendable, Hashable {
    /// It puts itself into groups that it makes.
    case groups(ControlGroups)
    /// systemd owns the one hierarchy, and makes a scope.
    case scope

    init(_ kernel: Kernel) {
        let groups = kernel.groups
        self = groups.areUnified && kernel.runsSystemd ? .scope : .groups(groups)
    }

    /// The directories to make and join, one a line.
    func list(_ name: String) -> String {
        switch self {
        case .groups(let groups): groups.directories(name).map { $0 + "\n" }.joined()
        case .scope: ""
        }
    }

    /// What to put before a command.
    func scope(_ name: String) -> [Word] {
        self == .scope ? ["systemd-run", "--scope", "--quiet", "--collect", "--unit=\(name)"] : []
    }
}
