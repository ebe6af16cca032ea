import ForgeCore
import ForgeInventory

/// What a test says that needs an inventory around the service.
enum Example {
    /// Of one machine, with what an inventory that says nothing more has.
    static let cluster = Cluster(
        name: "lab", kubernetes: Version(1, 20, 2),
        hosts: [
            Host(
                name: "kubmaster", address: IPv4Address("10.77.0.11")!, role: .controlPlane, isSchedulable: true,
                access: Host.Access(user: "root", keyPath: nil, knownHostsPath: "/dev/null"))
        ])
}
