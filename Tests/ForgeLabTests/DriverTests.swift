import ForgeCore
import ForgeInventory
import ForgeTemplates
import ForgeTestSupport
import Glibc
import Testing

@testable import ForgeLab

@Suite("A lab's virtual machine")
struct VirtualMachineTests {
    private let command = QEMUCommand(
        acceleration: .kvm, name: "kubeforge.lab.kubmaster", memory: 3 << 30, disk: "/cache/a,b/disk.img",
        seed: "/cache/seed.iso",
        kernel: "/cache/vmlinuz", initrd: "/cache/initrd", tap: "kf0a4d00-11", address: "52:54:0a:4d:00:0b",
        console: "/cache/console.log")

    @Test("boots a kernel and a disk of its own, on the bridge, with its console in a file")
    func boots() {
        #expect(
            command.command.line == """
                qemu-system-x86_64 -name kubeforge.lab.kubmaster -no-user-config -nodefaults -display none -accel kvm \
                -cpu host -smp 2 -m 3072 -drive file=/cache/a,,b/disk.img,if=virtio,format=raw,cache=unsafe -drive \
                file=/cache/seed.iso,if=virtio,format=raw,readonly=on -netdev \
                tap,id=lan,ifname=kf0a4d00-11,script=no,downscript=no -device \
                virtio-net-pci,netdev=lan,mac=52:54:0a:4d:00:0b -device virtio-rng-pci -chardev \
                file,id=console,append=on,path=/cache/console.log -serial chardev:console -kernel /cache/vmlinuz \
                -initrd /cache/initrd -append 'root=/dev/vda rw console=ttyS0,115200 quiet'
                """)
    }

    @Test("is emulated where KVM cannot be used, and says so")
    func emulation() {
        let reason = Acceleration.emulation("there is no /dev/kvm")
        #expect(reason.words == ["-accel", "tcg,thread=multi", "-cpu", "max"])
        #expect(
            reason.warning
                == "is emulated, which is about ten times slower, because KVM cannot be used: there is no /dev/kvm")
        #expect(Acceleration.kvm.warning == nil)
    }

    @Test("hangs on the bridge by a tap of a cable's name, with a hardware address that no other machine has")
    func tap() throws {
        let cluster = SampleLab.cluster()
        let network = try LabNetwork(cluster)
        let tap = Tap(network: network, host: cluster.hosts[0], computer: LocalHost())
        #expect(tap.hardwareAddress == "52:54:0a:4d:00:0b")
        #expect(
            tap.commands.map(\.line) == [
                "ip tuntap add dev kf0a4d00-11 mode tap", "ip link set kf0a4d00-11 master kf0a4d00 up",
            ])
    }

    @Test("is told by its seed who may log in, under which name and address it is reached, and what cloud images do")
    func seed() throws {
        let files = try seed(user: "ubuntu").files(Templates())
        #expect(files["meta-data"] == "instance-id: \"kubmaster\"\nlocal-hostname: debian\n")
        #expect(
            files["network-config"] == """
                version: 2
                ethernets:
                  lan:
                    match: { macaddress: "52:54:0a:4d:00:0b" }
                    addresses: [10.77.0.11/24]
                    routes: [{ to: default, via: 10.77.0.1 }]
                    # Nobody answers there: names from outside fail at once instead of after a time-out.
                    nameservers: { addresses: [10.77.0.1] }

                """)
        #expect(
            files["user-data"] == """
                #cloud-config
                # As Debian's cloud images and the clouds that start them have it.
                manage_etc_hosts: true
                disable_root: true
                users:
                  - name: "ubuntu"
                    shell: /bin/bash
                    sudo: "ALL=(ALL) NOPASSWD:ALL"
                    lock_passwd: true
                    ssh_authorized_keys: ["ssh-ed25519 AAAA lab", "ssh-ed25519 BBBB me"]
                ssh_keys:
                  ed25519_private: "-----BEGIN\\nkey\\n"
                  ed25519_public: "ssh-ed25519 HOST"
                # The lab's own archive is in it already.
                apt: { preserve_sources_list: true }
                # A real one, with its line in /etc/fstab.
                swap: { filename: /swap.img, size: 268435456 }

                """)
        #expect(try seed(user: "root").files(Templates())["user-data"]?.contains("disable_root: false") == true)
    }

    @Test("needs QEMU and no systemd-nspawn; a lab of the other kind needs neither QEMU nor its helpers")
    func programs() {
        let virtual = LabPrograms.packages(.vm)
        #expect(virtual["qemu-system-x86_64"] == "qemu-system-x86" && virtual["genisoimage"] == "genisoimage")
        #expect(virtual["systemd-nspawn"] == nil)
        let nspawn = LabPrograms.packages(.nspawn)
        #expect(nspawn["systemd-nspawn"] == "systemd-container")
        #expect(Set(VirtualMachineDriver.programs.keys).intersection(nspawn.keys) == ["setsid"])
    }

    @Test("asks for more memory and disk than a machine on this computer's kernel, and for /dev/net/tun")
    func preconditions() throws {
        var cluster = SampleLab.cluster("lab", ["10.77.0.11"])
        cluster.lab = LabSettings(driver: .vm)
        let layout = try LabLayout(
            cluster: cluster, cache: Cache(root: "/cache"), operatorFiles: SampleLab.operatorFiles,
            computer: LocalHost(),
            templates: Templates())
        var survey = Survey()
        survey.freeMemory = 2 << 30
        survey.freeDisk = 4 << 30
        survey.hasTunnel = false
        survey.missingPrograms = ["qemu-system-x86_64", "genisoimage"]
        #expect(
            Preconditions(survey: survey, layout: layout).findings.map(\.description) == [
                """
                programs that a lab needs are not installed: qemu-system-x86_64, genisoimage
                  fix  apt-get install -y --no-install-recommends genisoimage qemu-system-x86
                """,
                """
                this kernel has no /dev/net/tun, which virtual machines hang on
                  fix  modprobe tun
                """,
                """
                too little memory for 1 machines
                  why  2.0 GiB are free, 3.0 GiB are needed
                  fix  free some memory, or remove hosts from the inventory
                """,
                """
                too little disk space in /cache
                  why  4.0 GiB are free, 8.0 GiB are needed
                  fix  set KUBEFORGE_CACHE to a directory on a larger disk
                """,
            ])
    }

    private func seed(user: String) throws -> Seed {
        let cluster = SampleLab.cluster()
        var host = cluster.hosts[0]
        host.access.user = user
        return try Seed(
            host: host, network: LabNetwork(cluster), keys: ["ssh-ed25519 AAAA lab", "ssh-ed25519 BBBB me"],
            hostKey: "-----BEGIN\nkey\n",
            publicHostKey: "ssh-ed25519 HOST", hardwareAddress: "52:54:0a:4d:00:0b")
    }
}

@Suite("The nspawn command")
struct NspawnCommandTests {
    private let plain = NspawnCommand(
        root: "/lab/root", variable: "/lab/var", machine: "kubeforge.lab.kubmaster",
        namespacePath: "/run/netns/kubeforge.lab.kubmaster",
        isInScope: false, modules: nil)

    @Test("boots a machine in its own network, with everything a container runtime needs")
    func boot() {
        #expect(
            plain.command.line == """
                env SYSTEMD_NSPAWN_API_VFS_WRITABLE=yes systemd-nspawn --quiet --register=no --keep-unit --boot \
                --directory=/lab/root --machine=kubeforge.lab.kubmaster \
                --network-namespace-path=/run/netns/kubeforge.lab.kubmaster --capability=all --private-users=no \
                --resolv-conf=off --timezone=off --link-journal=no --console=pipe --bind=/dev/kmsg \
                --bind=/lab/var:/var '--system-call-filter=@mount @keyring @privileged bpf perf_event_open'
                """)
    }

    @Test("lends the host's modules read-only where it has any")
    func modules() {
        var command = plain
        command.modules = "/lib/modules/6.1.0-40-amd64"
        #expect(command.command.line.hasSuffix(" --bind-ro=/lib/modules/6.1.0-40-amd64"))
    }

    @Test("tells a systemd that refuses control groups of version 1 to make do with them")
    func oldGroups() {
        var command = plain
        command.modules = "/lib/modules/6.1.0-40-amd64"
        command.forcesOldGroups = true
        #expect(
            command.command.line.hasSuffix(
                """
                 --bind-ro=/lib/modules/6.1.0-40-amd64 -- SYSTEMD_CGROUP_ENABLE_LEGACY_FORCE=1 \
                systemd.unified_cgroup_hierarchy=0
                """
            ))
    }

    @Test("runs in a scope with delegated groups where systemd owns them")
    func scope() {
        var command = plain
        command.isInScope = true
        #expect(
            command.command.line.contains(
                " systemd-run --scope --quiet --collect --property=Delegate=yes --unit=kubeforge.lab.kubmaster "
                    + "systemd-nspawn "
            ))
    }
}

@Suite("A machine of systemd-nspawn")
struct NspawnDriverTests {
    /// An ordinary user cannot read the directory of a machine, which says more.
    @Test("runs while a systemd-nspawn is among its processes, whoever asks")
    func supervising() async throws {
        try await TemporaryDirectory.during { directory in
            let layout = try LabLayout(
                cluster: SampleLab.cluster(), cache: Cache(root: "/var/cache/kubeforge/lab"),
                operatorFiles: SampleLab.operatorFiles, computer: LocalHost(), templates: Templates())
            let driver = NspawnDriver(machine: layout.machines[0])
            #expect(!driver.isSupervising([getpid()]))
            let program = directory.path("systemd-nspawn")
            try await LocalProgram.run("cp", ["/usr/bin/sleep", program])
            try await LocalProgram.running(program, ["600"]) { process in
                while LocalHost().read("/proc/\(process)/comm") != "systemd-nspawn\n" {
                    try await Task.sleep(for: .milliseconds(2))
                }
                #expect(driver.isSupervising([getpid(), process]))
            }
        }
    }
}
