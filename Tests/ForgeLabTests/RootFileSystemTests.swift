import ForgeCore
import ForgeInventory
import ForgeTemplates
import ForgeTestSupport
import Foundation
import Testing

@testable import ForgeLab

@Suite("The root file system of a lab's machine")
struct RootFileSystemTests {
    @Test("is made once for all machines of the same installation")
    func installations() throws {
        let lab = LabSettings(hosts: ["kubnode": .init(distribution: .debian12, profile: .cloud)])
        let three = ["10.77.0.11", "10.77.0.12", "10.77.0.13"]
        #expect(
            try layout(lab, three).installations == [
                Installation(distribution: .debian13, profile: .bare),
                Installation(distribution: .debian12, profile: .cloud),
            ])
        #expect(
            try layout(lab, three).machines.map(\.installation.title) == [
                "debian-13", "debian-12 with the habits of cloud images", "debian-13",
            ])
    }

    @Test("is another one for another release or profile, and Debian 13's for the machine that says it is Ubuntu")
    func directories() throws {
        let all = LabSettings.Distribution.allCases.flatMap { distribution in
            LabSettings.Profile.allCases.map { Installation(distribution: distribution, profile: $0) }
        }
        let directories = try all.map { try root($0).directory }
        #expect(Set(directories).count == 4)
        #expect(
            try root(Installation(distribution: .ubuntuStandIn, profile: .bare)).directory
                == root(Installation(distribution: .debian13, profile: .bare)).directory)
    }

    @Test("has the packages that habits name, where the machine has habits")
    func packages() throws {
        let bare = try root(Installation(distribution: .debian13, profile: .bare)).packages
        #expect(bare == RootFileSystem.packages)
        let cloud = try root(Installation(distribution: .debian13, profile: .cloud)).packages
        #expect(
            cloud.dropFirst(bare.count).elementsEqual([
                "cloud-init", "cloud-guest-utils", "unattended-upgrades", "zram-tools", "dphys-swapfile", "locales",
            ]))
    }

    @Test("has a kernel and cloud-init where QEMU runs the machine, and is another one")
    func virtualMachine() throws {
        let bare = Installation(distribution: .debian13, profile: .bare)
        let virtual = try RootFileSystem(layout(LabSettings(driver: .vm)), bare)
        #expect(virtual.packages == RootFileSystem.packages + VirtualMachineDriver.packages)
        #expect(try virtual.directory != root(bare).directory)
    }

    @Test(
        "leaves nothing mounted when its mmdebstrap is killed, which mounts /proc in it",
        .enabled(if: geteuid() == 0, "only root mounts"))
    func mounts() async throws {
        try await TemporaryDirectory.during { directory in
            let mmdebstrap = "#!/bin/sh\nmkdir -p \"$4/proc\"; mount -t proc proc \"$4/proc\"; kill -KILL $$\n"
            try directory.write("mmdebstrap", mmdebstrap, mode: 0o755)
            let root = try RootFileSystem(
                layout(LabSettings(), cache: directory.path("cache")),
                Installation(distribution: .debian13, profile: .bare))
            let path = Word("PATH=\(directory.path):/usr/sbin:/usr/bin:/sbin:/bin")
            let output = try await LocalHost().run(Command(["env", path] + root.command.words))
            #expect(!output.isSuccess)
            #expect(LocalHost().exists("\(root.directory).new/proc"))
            #expect(Mounts.points(below: directory.path, in: LocalHost().read("/proc/self/mounts") ?? "") == [])
            try await Mounts.unmount(below: directory.path, LocalHost())
        }
    }

    private func root(_ installation: Installation) throws -> RootFileSystem {
        try RootFileSystem(layout(LabSettings()), installation)
    }

    private func layout(_ lab: LabSettings, _ addresses: [String] = ["10.77.0.11"], cache: String = "/cache") throws
        -> LabLayout
    {
        var cluster = SampleLab.cluster("lab", addresses)
        cluster.lab = lab
        return try LabLayout(
            cluster: cluster, cache: Cache(root: cache), operatorFiles: SampleLab.operatorFiles, computer: LocalHost(),
            templates: Templates())
    }
}

/// Run by a real shell on a directory that stands for a machine's root; what they do on real machines is in `LabTests`.
@Suite("A habit of cloud images")
struct HabitsTests {
    private static let names = (try? Templates().directory("lab/machine/habits").keys.sorted()) ?? []

    @Test("says first what it is about, and is read by `prepare` without a complaint", arguments: names)
    func script(name: String) async throws {
        let text = try habit(name)
        #expect(text.split(separator: "\n").first { !$0.hasPrefix("# Packages: ") }?.hasPrefix("# ") == true)
        try await TemporaryDirectory.during { directory in
            let root = directory.path
            let output = try await run(text, root: root)
            #expect(output.isSuccess && output.text == "", "\(output.text)")
        }
    }

    @Test("swaps by services, and notes it instead: the kernel's swap is this computer's")
    func swap() async throws {
        try await TemporaryDirectory.during { directory in
            let root = directory.path
            _ = try await run(habit("30-swap-services"), root: root)
            #expect(computer.read("\(root)/etc/dphys-swapfile") == "#CONF_SWAPFILE=/var/swap\nCONF_SWAPSIZE=16\n")
            let program = try #require(computer.read("\(root)/usr/sbin/swapon"))
            let list = "\(root)/list"
            for name in ["swapon", "swapoff"] {
                let own = program.replacing("/run/lab-swaps", with: list).replacing(
                    "/usr/local/lib/lab/$name", with: "/bin/true")
                try computer.replace("\(root)/\(name)", with: own, mode: 0o755)
            }
            try await finish("\(root)/swapon", "-p", "100", "/dev/zram0")
            try await finish("\(root)/swapon", "/var/swap")
            try await finish("\(root)/swapon", "-a")
            #expect(computer.read(list) == "/dev/zram0\n/var/swap\n")
            let shown = try await computer.finish(Command("sh", "\(root)/swapon", "-s"))
            #expect(shown == "/dev/zram0 file 16384 0 -2\n/var/swap file 16384 0 -2")
            try await finish("\(root)/swapoff", "/dev/zram0")
            #expect(computer.read(list) == "/var/swap\n")
            try await finish("\(root)/swapoff", "-a")
            #expect(computer.read(list) == nil)
        }
    }

    @Test("leaves a VM's swap to its own kernel, and its cloud-init to the seed that it is started with")
    func virtualMachine() async throws {
        try await TemporaryDirectory.during { directory in
            let root = directory.path
            _ = try await run(habit("30-swap-services"), root: root, driver: "vm")
            _ = try await run(habit("10-cloud-init"), root: root, driver: "vm")
            #expect(computer.read("\(root)/usr/sbin/swapon") == "real\n")
            #expect(!computer.exists("\(root)/etc/cloud") && !computer.exists("\(root)/var/lib/cloud"))
            _ = try await run(habit("10-cloud-init"), root: root)
            #expect(
                computer.read("\(root)/var/lib/cloud/seed/nocloud/user-data")
                    == "#cloud-config\nmanage_etc_hosts: true\n")
        }
    }

    @Test("leaves Docker's repository on the machine that says it is Ubuntu, as Docker's instructions write it")
    func dockerSources() async throws {
        try await TemporaryDirectory.during { directory in
            let sources = "\(directory.path)/etc/apt/sources.list.d/docker.sources"
            _ = try await run(habit("90-docker-sources"), root: directory.path)
            #expect(!computer.exists(sources))
            _ = try await run(habit("90-docker-sources"), root: directory.path, distribution: "ubuntu-24.04-stand-in")
            #expect(
                computer.read(sources)?.contains("URIs: http://10.77.0.1:8000/linux/ubuntu\nSuites: noble\n") == true)
            #expect(computer.exists("\(directory.path)/etc/apt/keyrings/docker.asc"))
        }
    }

    @Test("locks apt's lists by fcntl, which flock(1) does not see and apt does")
    func lock() async throws {
        try await TemporaryDirectory.during { directory in
            let root = directory.path
            _ = try await run(habit("20-apt-daily"), root: root)
            let program = try #require(computer.read("\(root)/usr/local/lib/lab/slow-update"))
            #expect(program.contains("fcntl.lockf(lock, fcntl.LOCK_EX)"))
            let quick = program.replacing("/var/lib/apt", with: root).replacing(
                "time.sleep(35)", with: "print(open('/proc/locks').read())")
            try computer.makeDirectory("\(root)/lists")
            let locks = try await computer.finish(Command("python3", "-c", Word(quick)))
            let inode =
                try FileManager.default.attributesOfItem(atPath: "\(root)/lists/lock")[.systemFileNumber] as? Int
            #expect(locks.contains(try Regex("POSIX +ADVISORY +WRITE .*:\(inode ?? 0) 0 EOF")), "\(locks)")
        }
    }

    private let computer = LocalHost()

    private func habit(_ name: String) throws -> String { try Templates()["lab/machine/habits/\(name)"].text }

    /// Runs it as `prepare` does, on a root with what the packages would have brought.
    private func run(_ text: String, root: String, driver: String = "nspawn", distribution: String = "debian-13")
        async throws -> Output
    {
        let files = [
            "etc/dphys-swapfile": "#CONF_SWAPFILE=/var/swap\n#CONF_SWAPSIZE=\n",
            "etc/login.defs": "USERGROUPS_ENAB yes\n",
            "etc/pam.d/common-session": "session optional pam_umask.so\n",
            "etc/pam.d/common-session-noninteractive": "",
            "usr/sbin/swapon": "real\n", "usr/sbin/swapoff": "real\n", "etc/sudoers.d/README": "",
            "etc/apt/apt.conf.d/01": "",
            "etc/default/locale": "", "etc/apt/keyrings/keep": "", "etc/apt/sources.list.d/keep": "", "key.asc": "",
            "etc/systemd/system/keep": "", "bin/chroot": "#!/bin/sh\n",
        ]
        for (path, content) in files { try computer.replace("\(root)/\(path)", with: content, mode: 0o755) }
        let start = "set -eu; root=$1 driver=$2 distribution=$3 files=$1 bridge=10.77.0.1 PATH=$1/bin:$PATH"
        let arguments = [root, driver, distribution].map { Word($0) }
        return try await computer.run(Command(["sh", "-c", Word("\(start)\n\(text)"), "prepare"] + arguments))
    }

    private func finish(_ words: Word...) async throws { try await computer.finish(Command(["sh"] + words)) }
}

private let program = "/usr/bin/docker-registry"

@Suite("The lab's registry", .enabled(if: LocalHost().exists(program), "docker-registry is not installed"))
struct RegistryServerTests {
    private let computer = LocalHost()

    @Test("answers who pulls, and takes and removes nothing: whoever reaches it may do what it can")
    func readOnly() async throws {
        try await TemporaryDirectory.during { directory in
            // An address of loopback that other processes' tests do not have: the port is the lab's.
            let process = getpid()
            let address = "127.\(process >> 16 & 255).\(process >> 8 & 255).\(max(2, process & 255) % 255)"
            let text = try Servers.registryConfiguration(
                Templates(), storage: directory.path("images"), address: address)
            let configuration = try directory.write("registry.yml", text)
            try await LocalProgram.running(program, ["serve", configuration]) { _ async throws in
                let registry = "http://\(address):5000/v2"
                #expect(try await code("GET", "\(registry)/_catalog") == "200")
                #expect(try await code("POST", "\(registry)/library/python/blobs/uploads/") == "405")
                #expect(try await code("PUT", "\(registry)/library/python/manifests/latest") == "405")
                let digest = "sha256:\(SHA256.hex(""))"
                #expect(try await code("DELETE", "\(registry)/library/python/blobs/\(digest)") == "405")
                #expect(try await code("DELETE", "\(registry)/library/python/manifests/\(digest)") == "405")
            }
        }
    }

    private func code(_ method: String, _ url: String) async throws -> String {
        try await computer.finish(
            Command(
                "curl", "--silent", "--noproxy", "*", "--retry", "30", "--retry-connrefused", "--retry-delay", "1",
                "--max-time", "60",
                "--request", Word(method), "--output", "/dev/null", "--write-out", "%{http_code}", Word(url)))
    }
}
