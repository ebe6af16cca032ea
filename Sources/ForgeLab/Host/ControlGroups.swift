import ForgeCore

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
