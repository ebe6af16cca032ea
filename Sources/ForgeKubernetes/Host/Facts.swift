import ForgeCore
import ForgePlan

/// What a machine is, as opposed to what it shall become: read once, before the plan is made.
package struct Facts: Sendable, Hashable {
    package var distribution: Distribution
    /// As Debian names it: `amd64`, `arm64`.
    package var architecture: String
    /// Whether the machine itself is a container: some kernel settings then belong to its host.
    package var isContainer: Bool
    package var hasCgroup2: Bool
    package var cores: Int
    package var memoryMiB: Int
    /// Free on the file system of /var.
    package var freeDiskMiB: Int
    package var machineID: String
    /// Seconds since 1970, by the machine's own clock.
    package var clock: Int
    /// By how many seconds it is ahead of the operator's computer; nil when not known.
    package var skew: Int?
    /// Home folder and primary group of the login user.
    package var home: String
    package var group: String
    /// Its IPv4 addresses that others can reach; empty when not known.
    package var addresses: [Interface] = []
    /// Of the firmware; empty where there is none, as on a Raspberry Pi.
    package var productUUID = ""
    /// Of its network cards: virtual devices such as bridges have none of their own.
    package var macAddresses: [String] = []
    /// Whether the kernel limits memory by cgroups; nil when not known.
    package var hasMemoryCgroup: Bool?
    /// Whether the kernel has VXLAN, loaded or not; nil when not known.
    package var hasVXLAN: Bool?
    /// Where the kubelet and the container runtimes keep their files: by `kubelet`, `containerd`, `docker`.
    package var rooms: [String: Room] = [:]

    /// A network interface with an IPv4 address of it; the name is `-` when not known.
    package struct Interface: Sendable, Hashable {
        package var name: String
        package var address: String

        package init(_ name: String, _ address: String) {
            self.name = name
            self.address = address
        }
    }

    /// A file system, as the kubelet measures it: what is free is free to everybody, not to root alone.
    package struct Room: Sendable, Hashable {
        package var path: String
        package var totalMiB: Int
        package var freeMiB: Int
        /// 0 where the file system has no fixed number of them.
        package var totalInodes: Int
        package var freeInodes: Int

        package init(_ path: String, totalMiB: Int, freeMiB: Int, totalInodes: Int = 0, freeInodes: Int = 0) {
            self.path = path
            self.totalMiB = totalMiB
            self.freeMiB = freeMiB
            self.totalInodes = totalInodes
            self.freeInodes = freeInodes
        }
    }

    package init(
        distribution: Distribution = Distribution(id: "debian", version: "12", codename: "bookworm"),
        architecture: String = "amd64",
        isContainer: Bool = false, hasCgroup2: Bool = true, cores: Int = 2, memoryMiB: Int = 4096,
        freeDiskMiB: Int = 20_000,
        machineID: String = "", clock: Int = 0, home: String = "/root", group: String = "root"
    ) {
        self.distribution = distribution
        self.architecture = architecture
        self.isContainer = isContainer
        self.hasCgroup2 = hasCgroup2
        self.cores = cores
        self.memoryMiB = memoryMiB
        self.freeDiskMiB = freeDiskMiB
        self.machineID = machineID
        self.clock = clock
        self.home = home
        self.group = group
    }
}
