import ForgeCore

/// Processes that were put together into control groups of one name: found by membership, never by what they call
/// themselves.
struct Cgroup: Sendable {
    /// The time limit of a query of the control groups, which takes milliseconds.
    private static let limit = Duration.seconds(60)

    let name: String
    let computer: LocalHost

    /// Every group of the lab, by name: `kubeforge.lab.kubmaster`, `kubeforge.lab.http` …
    static func all(_ lab: LabName, _ computer: LocalHost) async throws -> [Cgroup] {
        let names = try await find("\(lab.prefix)*", computer).map { String($0.split(separator: "/").last!) }
        return Set(names).sorted().map { Cgroup(name: $0, computer: computer) }
    }

    /// The processes in the group and below it, in any hierarchy.
    func processes() async throws -> Set<Int32> {
        let files = try await directories().map { Word($0) }
        guard !files.isEmpty else { return [] }
        let listed = try await computer.run(
            Command(["find"] + files + ["-name", "cgroup.procs", "-exec", "cat", "{}", "+"]).within(Self.limit))
        return Set(listed.text.split(separator: "\n").compactMap { Int32($0) })
    }

    /// Kills what is in it, again until nothing is left (a process may fork between the query and the kill), then
    /// removes the groups.
    func end() async throws {
        try await thaw()
        let deadline = ContinuousClock.now + .seconds(20)
        var left = try await processes()
        while !left.isEmpty {
            guard ContinuousClock.now < deadline else { throw cannotEnd(left) }
            for process in left { computer.kill(process) }
            try await Task.sleep(for: .milliseconds(20))
            left = try await processes()
        }
        try await remove()
    }

    /// A container that was paused in cgroup v1 does not even die.
    private func thaw() async throws {
        let files = try await directories().filter { $0.contains("/freezer/") }.map { Word($0) }
        guard !files.isEmpty else { return }
        let thaw: [Word] = ["sh", "-c", "for state; do echo THAWED > \"$state\"; done", "sh"]
        _ = try await computer.run(
            Command(["find"] + files + ["-name", "freezer.state", "-exec"] + thaw + ["{}", "+"]).within(Self.limit))
    }

    /// The kernel may call a group busy for a moment after its last process died.
    private func remove() async throws {
        let deadline = ContinuousClock.now + .seconds(10)
        while true {
            let left = try await directories().map { Word($0) }
            if left.isEmpty { return }
            let removal = try await computer.run(
                Command(["find"] + left + ["-depth", "-type", "d", "-exec", "rmdir", "{}", ";"]).within(Self.limit))
            guard ContinuousClock.now < deadline else {
                throw Problem(what: "the control groups of \(name) cannot be removed", why: removal.lastLine)
            }
        }
    }

    private func directories() async throws -> [String] {
        try await Self.find(name, computer) + Self.find("\(name).scope", computer)
    }

    private static func find(_ pattern: String, _ computer: LocalHost) async throws -> [String] {
        let found = try await computer.run(
            Command("find", "/sys/fs/cgroup", "-type", "d", "-name", Word(pattern), "-prune").within(limit))
        return found.text.split(separator: "\n").map(String.init)
    }

    private func cannotEnd(_ left: Set<Int32>) -> Problem {
        let list = left.sorted().map(String.init).joined(separator: ",")
        return Problem(
            what: "processes of \(name) do not die: \(list)",
            fix: "look at them with `ps -o pid,stat,wchan,args -p \(list)`")
    }
}

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

/// The control groups of this computer, as the kernel shows them to one process.
struct ControlGroups: Sendable, Hashable {
    /// Every mounted hierarchy: its mount point, and the path in it of the group that the process is in.
    let hierarchies: [Hierarchy]

    struct Hierarchy: Sendable, Hashable {
        let mountPoint: String
        let path: String
        let isUnified: Bool
    }

    /// `membership` is /proc/self/cgroup, `mounts` is /proc/self/mounts.
    init(membership: String, mounts: String) {
        let mounted = mounts.split(separator: "\n").map { $0.split(separator: " ") }.filter {
            $0.count > 3 && $0[2].hasPrefix("cgroup")
        }
        hierarchies = membership.split(separator: "\n").compactMap { line in
            let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard parts.count == 3 else { return nil }
            let isUnified = parts[1].isEmpty
            let mount = mounted.first { mount in
                isUnified ? mount[2] == "cgroup2" : mount[2] == "cgroup" && Self.carries(mount[3], parts[1])
            }
            return mount.map { Hierarchy(mountPoint: String($0[1]), path: String(parts[2]), isUnified: isUnified) }
        }
    }

    /// Whether one cgroup2 hierarchy holds all controllers, as on every distribution of the last years.
    var areUnified: Bool { hierarchies.allSatisfy(\.isUnified) }

    /// A group of the name in every hierarchy, below the one the process is in. Machines that shared a group would
    /// share `/kubepods` in it, and each kubelet would remove the other's pods. A cgroup2 group with processes in it
    /// can have no controllers for its children: there the top it is.
    func directories(_ name: String) -> [String] {
        hierarchies.map { hierarchy in
            let parent = areUnified || hierarchy.path == "/" ? "" : hierarchy.path
            return "\(hierarchy.mountPoint)\(parent)/\(name)"
        }
    }

    private static func carries(_ options: Substring, _ controllers: Substring) -> Bool {
        let wanted = Set(controllers.split(separator: ","))
        return wanted.isSubset(of: options.split(separator: ","))
    }
}
