import ForgeCore

/// How a program gets control groups of its own here.
enum CgroupPlacement: Sendable, Hashable {
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
