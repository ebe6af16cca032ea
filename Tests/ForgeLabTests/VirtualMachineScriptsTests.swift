import ForgeCore
import ForgeTemplates
import ForgeTestSupport
import Foundation
import Testing

@testable import ForgeLab

/// Run by a real shell on a directory that stands for a machine's root, without QEMU; a real machine is in `make
/// test-vm`.
@Suite("The making of a lab's virtual machine")
struct VirtualMachineScriptsTests {
    private let computer = LocalHost()

    @Test(
        "tries KVM by its effect, and says why it is none",
        arguments: [
            ("echo '[ 0.0] Linux version 6.12'; exit 0", nil),
            (
                "echo 'qemu-system-x86_64: error: failed to set MSR 0x10a to 0x69' >&2; exit 134",
                "error: failed to set MSR 0x10a to 0x69"
            ),
            ("echo SeaBIOS; exit 124", "a kernel says nothing for 10 s"), ("exit 1", "a kernel does not start with it"),
        ] as [(String, String?)])
    func kvm(qemu: String, reason: String?) async throws {
        try await TemporaryDirectory.during { directory in
            try program("timeout", "test \"$1 $2\" = '10 qemu-system-x86_64' && \(qemu)", in: directory)
            let trial = try await run("lab/vm/try-kvm", ["/boot/vmlinuz"], directory)
            #expect(trial.isSuccess == (reason == nil))
            #expect(trial.text == (reason.map { $0 + "\n" } ?? ""), "\(trial.errorText)")
        }
    }

    @Test(
        """
        prepares a root that boots by itself: no swap, modules and users of this computer's making, systemd's own \
        network
        """
    )
    func prepares() async throws {
        try await TemporaryDirectory.during { directory in
            let root = directory.path("root")
            try computer.replace("\(root)/lib/modules/6.12/modules.builtin", with: "its own\n")
            for path in ["etc/apt/sources.list.d/debian.sources", "etc/systemd/system/x", "usr/lib/x"] {
                try computer.replace("\(root)/\(path)", with: "")
            }
            try computer.replace(directory.path("files/key.asc"), with: "key")
            try program("ssh-keygen", "", in: directory)
            try program("chroot", "echo \"$*\" >> \(directory.path("chroots"))", in: directory)
            let arguments = [
                root, "10.85.0.1", "ubuntu", "keys", "6.12", directory.path("files"), "debian-13", "bare", "vm",
            ]
            let prepared = try await run("lab/machine/prepare", arguments, directory)
            #expect(prepared.isSuccess && prepared.errorText == "", "\(prepared.errorText)")
            #expect(computer.read("\(root)/lib/modules/6.12/modules.builtin") == "its own\n")
            #expect(
                computer.read(directory.path("chroots"))
                    == "\(root) systemctl --quiet enable systemd-networkd systemd-resolved\n")
            #expect(!computer.exists("\(root)/etc/fstab") && computer.names(in: "\(root)/etc/systemd/system") == ["x"])
            let resolver = try FileManager.default.destinationOfSymbolicLink(atPath: "\(root)/etc/resolv.conf")
            #expect(resolver == "../run/systemd/resolve/stub-resolv.conf")
            #expect(
                computer.read("\(root)/etc/apt/sources.list.d/debian.sources") == """
                    Types: deb
                    URIs: http://10.85.0.1:8000/debian
                    Suites: trixie
                    Components: main
                    Signed-By: /etc/apt/keyrings/kubeforge-lab.asc

                    """)
        }
    }

    @Test("puts the root with its /var onto an ext4 disk, and kernel, initrd and host keys beside it")
    func makesDisk() async throws {
        try await TemporaryDirectory.during { directory in
            let files = [
                "root/boot/vmlinuz-6.12": "kernel", "root/boot/initrd.img-6.12": "initrd",
                "root/etc/ssh/ssh_host_ed25519_key": "secret",
                "root/etc/ssh/ssh_host_ed25519_key.pub": "public", "root/etc/hostname": "debian\n", "var/lib/here": "",
            ]
            for (path, text) in files { try computer.replace(directory.path(path), with: text) }
            try computer.makeDirectory(directory.path("root/var"))
            // Only root mounts; a copy shows what is asked for.
            try program("mount", "test \"$1\" = --bind && cp -r \"$2/.\" \"$3\"", in: directory)
            let made = try await run("lab/vm/make-disk", [directory.path, "64M"], directory)
            #expect(made.isSuccess, "\(made.errorText)")
            #expect(try directory.text("vmlinuz") == "kernel" && directory.text("initrd") == "initrd")
            #expect(try directory.text("ssh/ssh_host_ed25519_key") == "secret")
            let looks = ["stat /etc/ssh/ssh_host_ed25519_key", "cat /etc/hostname", "stat /var/lib/here"]
            var seen: [String] = []
            for look in looks {
                seen.append(
                    try await computer.run(Command("debugfs", "-R", Word(look), Word(directory.path("disk.img")))).text)
            }
            #expect(seen[0] == "" && seen[1] == "debian\n" && seen[2].contains("Type: regular"))
        }
    }

    private func program(_ name: String, _ body: String, in directory: TemporaryDirectory) throws {
        try computer.replace(directory.path("bin/\(name)"), with: "#!/bin/sh\n\(body)\n", mode: 0o755)
    }

    private func run(_ script: String, _ arguments: [String], _ directory: TemporaryDirectory) async throws -> Output {
        let path = directory.path("script")
        try computer.replace(path, with: try Templates()[script].text)
        let words = ["env", "PATH=\(directory.path("bin")):/usr/sbin:/usr/bin:/sbin:/bin", "sh", path] + arguments
        return try await computer.run(Command(words.map { Word($0) }))
    }
}
