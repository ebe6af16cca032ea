import ForgeInventory

/// What runs a machine: it makes the machine's disk, starts it on that disk and the lab's bridge in control groups of
/// its own, tells one boot from the next, and reboots it as its owner would.
protocol MachineDriver: Sendable {
    /// Makes the disk as it is delivered, unless it is there.
    func makeDisk(from lower: RootFileSystem) async throws

    /// Starts it from whatever a killed `up` left: nothing of the machine may still run when it starts.
    func start() async throws

    /// Ends the machine as if its power were cut; the disk stays.
    func end() async throws

    /// Whether what runs the machine is among these processes of its groups: without it nobody could reboot it.
    func isSupervising(_ processes: Set<Int32>) -> Bool

    /// Another text for each boot; nil while the machine does not say.
    func boot() async throws -> String?

    /// Asks the machine's systemd for it, as `systemctl reboot` in it does.
    func requestReboot() async throws

    /// Where the public halves of its host keys are: `ssh_host_ed25519_key.pub` and its like.
    var hostKeys: String { get }

    /// What is to be known before it starts, in one sentence; nil where all is as usual.
    func warning() async throws -> String?

    /// The file with its own words; the machine's are on the console.
    var log: String { get }

    /// How many seconds a machine has to answer a connection.
    var patience: Int { get }

    /// How long a machine may take from its start until it lets the inventory's user in.
    var bootLimit: Duration { get }

    /// How long it may take from the request of a reboot to the next boot.
    var rebootLimit: Duration { get }
}

extension MachineDriver {
    func isSupervising(_ processes: Set<Int32>) -> Bool { !processes.isEmpty }
}

extension LabSettings.Driver {
    /// The one place where a driver is chosen.
    func driver(of machine: Machine) -> any MachineDriver {
        switch self {
        case .nspawn: NspawnDriver(machine: machine)
        case .vm: VirtualMachineDriver(machine: machine)
        }
    }

    /// The programs that it runs on this computer, and the Debian or Ubuntu packages they come in.
    var programs: [String: String] {
        switch self {
        case .nspawn: ["systemd-nspawn": "systemd-container", "setsid": "util-linux"]
        case .vm: VirtualMachineDriver.programs
        }
    }

    /// What the machine's root file system has besides what every machine has.
    var packages: [String] { self == .vm ? VirtualMachineDriver.packages : [] }

    /// Bytes of this computer's memory for each machine: a kubelet, a container runtime and pods.
    var memory: Int { self == .vm ? VirtualMachineDriver.memory : 3 << 29 }

    /// Bytes of this computer's disk for each machine.
    var disk: Int { self == .vm ? 8 << 30 : 3 << 30 }
}
