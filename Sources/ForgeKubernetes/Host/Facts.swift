import ForgeCore
import ForgePlan

/// What a machine is, as opposed to what it shall become: read once, before the plan is made.
package struct Facts: Sendable, Hashable {
    /// With the id `unknown` where /etc/os-release does not say.
    package var distribution: Distribution
    /// The architecture as Debian names it: `amd64`, `arm64`.
    package var architecture: String
    /// Whether the machine itself is a container: some kernel settings then belong to its host.
    package var isContainer: Bool
    /// Whether /sys/fs/cgroup is of version 2, which Kubernetes wants from 1.35 on.
    package var hasCgroup2: Bool
    /// Processors that the machine may use; 0 when not known.
    package var cores: Int
    /// All of its memory, in use or not; 0 when not known.
    package var memoryMiB: Int
    /// Free on the file system of /var.
    package var freeDiskMiB: Int
    /// The line of /etc/machine-id, which two clones of one machine have in common; empty when not known.
    package var machineID: String
    /// Seconds since 1970, by the machine's own clock.
    package var clock: Int
    /// How many seconds it is ahead of the operator's computer; nil when not known.
    package var skew: Int?
    /// Home directory and primary group of the login user.
    package var home: String
    /// The name of that group; `root` when not known.
    package var group: String
    /// Its IPv4 addresses that others can reach; empty when not known.
    package var addresses: [Interface] = []
    /// The number of the firmware; empty where there is none, as on a Raspberry Pi.
    package var productUUID = ""
    /// The addresses of its network cards: virtual devices such as bridges have none of their own.
    package var macAddresses: [String] = []
    /// Whether the kernel limits memory by cgroups; nil when not known.
    package var hasMemoryCgroup: Bool?
    /// Whether the kernel has VXLAN, loaded or not; nil when not known.
    package var hasVXLAN: Bool?
    /// Where the kubelet and the container runtimes keep their files: by `kubelet`, `containerd`, `docker`.
    package var rooms: [String: Room] = [:]
    /// The proxy that its environment names, without a password; nil where it names none.
    package var proxy: String?

    /// A network interface with an IPv4 address of it; the name is `-` when not known.
    package struct Interface: Sendable, Hashable {
        /// The name as the kernel has it: `eth0`.
        package var name: String
        /// In dotted form, without the network's prefix.
        package var address: String

        package init(_ name: String, _ address: String) {
            self.name = name
            self.address = address
        }
    }

    /// A file system, as the kubelet measures it: what is free is free to everybody, not to root alone.
    package struct Room: Sendable, Hashable {
        /// The directory that was asked about; it need not be there yet.
        package var path: String
        /// The size of the whole file system.
        package var totalMiB: Int
        /// What `df` calls available.
        package var freeMiB: Int
        /// 0 where the file system has no fixed number of them.
        package var totalInodes: Int
        /// How many more files and directories it takes.
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
        distribution: Distribution, architecture: String, isContainer: Bool, hasCgroup2: Bool, cores: Int,
        memoryMiB: Int, freeDiskMiB: Int, machineID: String, clock: Int, home: String, group: String
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
