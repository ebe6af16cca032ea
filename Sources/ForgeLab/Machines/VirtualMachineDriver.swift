import ForgeCore

/// A machine of QEMU, as a cloud delivers one: a disk, a kernel and a swap file of its own, and cloud-init that sets it
/// up at its first boot.
struct VirtualMachineDriver: MachineDriver {
    let machine: Machine

    static let programs = [
        "qemu-system-x86_64": "qemu-system-x86", "mke2fs": "e2fsprogs", "genisoimage": "genisoimage",
        "timeout": "coreutils",
        "setsid": "util-linux",
    ]

    /// What Debian's own cloud images have besides the machines of systemd-nspawn; e2fsprogs checks the root file
    /// system at boot.
    static let packages = [
        "linux-image-cloud-amd64", "initramfs-tools", "cloud-init", "cloud-guest-utils", "netplan.io",
        "systemd-resolved", "apparmor",
        "e2fsprogs",
    ]

    static let memory = 3 << 30

    let patience = 20
    /// Emulated, a boot takes some 60 s on two cores that have nothing else to do.
    let bootLimit = Duration.seconds(600)
    let rebootLimit = Duration.seconds(300)

    var disk: VirtualMachineDisk { VirtualMachineDisk(machine: machine) }

    var hostKeys: String { disk.hostKeys }

    private var layout: LabLayout { machine.layout }

    private var tap: Tap { Tap(network: layout.network, host: machine.host, computer: layout.computer) }

    func warning() async throws -> String? {
        try await Acceleration.find(kernel: disk.kernel, layout).warning.map { "\(machine.host.name) \($0)" }
    }

    func makeDisk(from lower: RootFileSystem) async throws { try await disk.make(from: lower) }

    func start() async throws {
        try await end()
        try await tap.make()
        let acceleration = try await Acceleration.find(kernel: disk.kernel, layout)
        let command = QEMUCommand(
            acceleration: acceleration, name: machine.group.name, memory: Self.memory, disk: disk.image,
            seed: disk.seed,
            kernel: disk.kernel, initrd: disk.initrd, tap: tap.name, address: tap.hardwareAddress,
            console: machine.console)
        try await GroupedCommand(part: machine.host.name, command: command.command, layout: layout).start(log: log)
    }

    func end() async throws { try await machine.group.end() }

    func boot() async throws -> String? {
        let answer = try await login("cat", "/proc/sys/kernel/random/boot_id")
        return answer.isSuccess ? answer.text.trimming(while: \.isWhitespace) : nil
    }

    func requestReboot() async throws {
        let answer = try await login("sudo", "systemctl", "--no-block", "reboot")
        guard answer.isSuccess else {
            throw Problem(
                what: "\(machine.host.name) cannot be asked for a reboot", why: answer.lastLine,
                fix: "look at \(machine.console), or start over: `kubeforge lab down`, `kubeforge lab up`")
        }
    }

    private func login(_ words: Word...) async throws -> Output {
        try await layout.computer.run(
            Command(MachineLogin(machine: machine).command.words + ["-o", "BatchMode=yes"] + words))
    }

    var log: String { "\(machine.directory)/qemu.log" }
}

/// The host's end of a virtual machine's network, on the bridge. It has the name that a cable of systemd-nspawn's
/// machine would have.
struct Tap: Sendable {
    let network: LabNetwork
    let host: Host
    let computer: LocalHost

    var name: String { network.vethPair(host) }

    /// An address in QEMU's range, then the last bytes of the address: no two machines of a lab have the same.
    var hardwareAddress: String {
        let bytes = [24, 16, 8, 0].map { host.address.bits >> $0 & 255 }
        return (["52:54"] + bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }).joined(separator: ":")
    }

    /// Makes it from nothing: whatever half of it a killed `up` left is removed first.
    func make() async throws {
        try await NetworkLink(name: name, computer: computer).remove()
        for command in commands { try await computer.finish(command) }
    }

    var commands: [Command] {
        [
            Command("ip", "tuntap", "add", "dev", Word(name), "mode", "tap"),
            Command("ip", "link", "set", Word(name), "master", Word(network.bridge), "up"),
        ]
    }
}

/// The command line that boots a disk as a machine.
struct QEMUCommand: Sendable, Hashable {
    var acceleration: Acceleration
    var name: String
    /// Bytes.
    var memory: Int
    /// The root file system: ext4, without partitions.
    var disk: String
    /// An ISO image for cloud-init.
    var seed: String
    var kernel: String
    var initrd: String
    /// The host's end of the machine's network.
    var tap: String
    /// The machine's hardware address.
    var address: String
    /// The file that what it prints on its serial console is added to.
    var console: String

    var command: Command {
        Command(
            ["qemu-system-x86_64", "-name", Word(name), "-no-user-config", "-nodefaults", "-display", "none"]
                + acceleration.words + [
                    // kubeadm wants two processors.
                    "-smp", "2", "-m", "\(memory >> 20)",
                    // The disk lives as long as the lab: nothing of it has to survive this computer's own power cut.
                    "-drive", "file=\(Self.escaped(disk)),if=virtio,format=raw,cache=unsafe",
                    "-drive", "file=\(Self.escaped(seed)),if=virtio,format=raw,readonly=on",
                    "-netdev", "tap,id=lan,ifname=\(tap),script=no,downscript=no", "-device",
                    "virtio-net-pci,netdev=lan,mac=\(address)",
                    "-device", "virtio-rng-pci", "-chardev", "file,id=console,append=on,path=\(Self.escaped(console))",
                    "-serial", "chardev:console", "-kernel", Word(kernel), "-initrd", Word(initrd),
                    "-append", "root=/dev/vda rw console=ttyS0,115200 quiet",
                ])
    }

    /// QEMU ends a value at a comma, unless there are two.
    static func escaped(_ value: String) -> String { value.replacing(",", with: ",,") }
}

/// How QEMU runs a machine's instructions.
enum Acceleration: Sendable, Hashable {
    /// Run by the processor itself.
    case kvm
    /// Translated, with the reason why KVM cannot be used.
    case emulation(String)

    var words: [Word] {
        switch self {
        case .kvm: ["-accel", "kvm", "-cpu", "host"]
        case .emulation: ["-accel", "tcg,thread=multi", "-cpu", "max"]
        }
    }

    /// What is said of the machine; nil where nothing has to be said.
    var warning: String? {
        guard case .emulation(let why) = self else { return nil }
        return "is emulated, which is about ten times slower, because KVM cannot be used: \(why)"
    }

    /// Found by its effect: a kernel that gets as far as its first words with KVM. /dev/kvm can be there, and open, and
    /// yet start nothing.
    static func find(kernel: String, _ layout: LabLayout) async throws -> Acceleration {
        guard layout.computer.exists("/dev/kvm") else { return .emulation("there is no /dev/kvm") }
        let trial = try await layout.computer.run(Command("sh", "\(layout.files)/vm/try-kvm", Word(kernel)))
        // Not what a shell says of a program that aborted.
        return trial.isSuccess ? .kvm : .emulation(trial.text.trimming(while: \.isWhitespace))
    }
}
