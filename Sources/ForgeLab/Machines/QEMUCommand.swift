import ForgeCore

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
    /// By the processor itself.
    case kvm
    /// By translating them, with the reason why KVM cannot be used.
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
        return "is emulated, which takes some ten times as long, because KVM cannot be used: \(why)"
    }

    /// By its effect: a kernel that gets as far as its first words with KVM. /dev/kvm can be there, and open, and yet
    /// start nothing.
    static func find(kernel: String, _ layout: LabLayout) async throws -> Acceleration {
        guard layout.computer.exists("/dev/kvm") else { return .emulation("there is no /dev/kvm") }
        let trial = try await layout.computer.run(Command("sh", "\(layout.files)/vm/try-kvm", Word(kernel)))
        // Not what a shell says of a program that aborted.
        return trial.isSuccess ? .kvm : .emulation(trial.text.trimming(while: \.isWhitespace))
    }
}
