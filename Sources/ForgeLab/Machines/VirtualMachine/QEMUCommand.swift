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
