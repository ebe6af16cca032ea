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
    func folders() throws {
        let all = LabSettings.Distribution.allCases.flatMap { distribution in
            LabSettings.Profile.allCases.map { Installation(distribution: distribution, profile: $0) }
        }
        let folders = try all.map { try root($0).folder }
        #expect(Set(folders).count == 4)
        #expect(
            try root(Installation(distribution: .ubuntuStandIn, profile: .bare)).folder
                == root(Installation(distribution: .debian13, profile: .bare)).folder)
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
        #expect(try virtual.folder != root(bare).folder)
    }

    @Test(
        "leaves nothing mounted when its mmdebstrap is killed, which mounts /proc in it",
        .enabled(if: geteuid() == 0, "only root mounts"))
    func mounts() async throws {
        try await TemporaryFolder.during { folder in
            let mmdebstrap = "#!/bin/sh\nmkdir -p \"$4/proc\"; mount -t proc proc \"$4/proc\"; kill -KILL $$\n"
            try folder.write("mmdebstrap", mmdebstrap, mode: 0o755)
            let root = try RootFileSystem(
                layout(LabSettings(), cache: folder.path("cache")),
                Installation(distribution: .debian13, profile: .bare))
            let path = Word("PATH=\(folder.path):/usr/sbin:/usr/bin:/sbin:/bin")
            let output = try await LocalHost().run(Command(["env", path] + root.command.words))
            #expect(!output.isSuccess)
            #expect(LocalHost().exists("\(root.folder).new/proc"))
            #expect(Mounts.points(below: folder.path, in: LocalHost().read("/proc/self/mounts") ?? "") == [])
            try await Mounts.unmount(below: folder.path, LocalHost())
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
