import ForgeCore
import ForgeTemplates
import ForgeTestSupport
import Foundation
import Testing

@testable import ForgeLab

/// Run by a real shell on a folder that stands for a machine's root; what they do on real machines is in `LabTests`.
@Suite("A habit of cloud images")
struct HabitsTests {
    private static let names = (try? Templates().folder("lab/machine/habits").keys.sorted()) ?? []

    @Test("says first what it is about, and is read by `prepare` without a complaint", arguments: names)
    func script(name: String) async throws {
        let text = try habit(name)
        #expect(text.split(separator: "\n").first { !$0.hasPrefix("# Packages: ") }?.hasPrefix("# ") == true)
        try await TemporaryFolder.during { folder in
            let root = folder.path
            let output = try await run(text, root: root)
            #expect(output.isSuccess && output.text == "", "\(output.text)")
        }
    }

    @Test("swaps by services, and notes it instead: the kernel's swap is this computer's")
    func swap() async throws {
        try await TemporaryFolder.during { folder in
            let root = folder.path
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
        try await TemporaryFolder.during { folder in
            let root = folder.path
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
        try await TemporaryFolder.during { folder in
            let sources = "\(folder.path)/etc/apt/sources.list.d/docker.sources"
            _ = try await run(habit("90-docker-sources"), root: folder.path)
            #expect(!computer.exists(sources))
            _ = try await run(habit("90-docker-sources"), root: folder.path, distribution: "ubuntu-24.04-stand-in")
            #expect(
                computer.read(sources)?.contains("URIs: http://10.77.0.1:8000/linux/ubuntu\nSuites: noble\n") == true)
            #expect(computer.exists("\(folder.path)/etc/apt/keyrings/docker.asc"))
        }
    }

    @Test("locks apt's lists by fcntl, which flock(1) does not see and apt does")
    func lock() async throws {
        try await TemporaryFolder.during { folder in
            let root = folder.path
            _ = try await run(habit("20-apt-daily"), root: root)
            let program = try #require(computer.read("\(root)/usr/local/lib/lab/slow-update"))
            #expect(program.contains("fcntl.lockf(lock, fcntl.LOCK_EX)"))
            let quick = program.replacing("/var/lib/apt", with: root).replacing(
                "time.sleep(35)", with: "print(open('/proc/locks').read())")
            try computer.makeFolder("\(root)/lists")
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
