import ForgeInventory
import ForgePlan

/// Whether the kubelet will say DiskPressure: it takes no pods then, evicts those it has, and removes images.
///
/// The thresholds are those that a kubelet has by itself (`evictionHard`): 10 % of its file system, 15 % of the one
/// that images are on, 5 % of the inodes. What an absolute number of GiB means depends on the disk.
struct DiskPressure {
    let runtime: Cluster.Runtime
    let rooms: [String: Facts.Room]

    /// One line for each threshold that is not met, with both numbers.
    var findings: [Difference] {
        let kubelet = rooms["kubelet"]
        let images = rooms[runtime == .docker ? "docker" : "containerd"]
        return [
            kubelet.flatMap { space($0, percent: 10) }, images.flatMap { space($0, percent: 15) },
            kubelet.flatMap { inodes($0, percent: 5) },
        ].compactMap { $0 }
    }

    private func space(_ room: Facts.Room, percent: Int) -> Difference? {
        guard room.freeMiB * 100 < room.totalMiB * percent else { return nil }
        let needed = (room.totalMiB * percent + 99) / 100
        return
            """
            \(room.path): \(room.freeMiB) of \(room.totalMiB) MiB are free; below \(percent) % (\(needed) MiB) the \
            kubelet says DiskPressure
            """
    }

    private func inodes(_ room: Facts.Room, percent: Int) -> Difference? {
        guard room.freeInodes * 100 < room.totalInodes * percent else { return nil }
        return
            """
            \(room.path): \(room.freeInodes) of \(room.totalInodes) inodes are free; below \(percent) % the kubelet \
            says DiskPressure
            """
    }
}
