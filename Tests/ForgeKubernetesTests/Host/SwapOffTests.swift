import ForgeCore
import ForgePlan
import ForgeTestSupport
import Testing

@testable import ForgeKubernetes

@Suite("Swap")
struct SwapOffTests {
    @Test(
        "is turned off by an entry's third field alone",
        arguments: [
            ("/swap.img none swap sw 0 0", "/swap.img"), ("UUID=1234\tnone\tswap\tdefaults\t0\t0", "UUID=1234"),
            ("  /dev/sda2   none   swap   sw", "/dev/sda2"),
            ("LABEL=swap none swap", "LABEL=swap"), ("/dev/sda1 /swap ext4 defaults 0 1", nil), ("/dev/swap /mnt ext4 swap 0 0", nil),
            ("tmpfs /tmp tmpfs size=1g,swap 0 0", nil), ("# /swap.img none swap sw 0 0", nil), ("#/swap.img none swap sw 0 0", nil),
            ("/srv/swap.img /mnt auto loop", nil),
            ("swap swap", nil), ("", nil), ("/dev/sda3 none swapfs sw", nil),
        ])
    func thirdField(line: String, area: String?) {
        let fstab = "UUID=1 / ext4 defaults 0 1\n\(line)\n# a comment with swap in it\n"
        #expect(SwapOff.swapLines(of: fstab) == (area.map { [$0] } ?? []))
        let kept = area == nil ? line : "# swap is off for Kubernetes (kubeforge): \(line)"
        #expect(SwapOff.withoutSwap(fstab) == "UUID=1 / ext4 defaults 0 1\n\(kept)\n# a comment with swap in it\n")
    }

    @Test("that is on, or comes back after a reboot, is named")
    func differences() throws {
        let step = SwapOff()
        let look = try #require(step.questions.last)
        let answers: [Question: Answer] = [
            .swaps: .swaps(["/swap.img"]), .contents("/etc/fstab"): .contents(Array("/swap.img none swap sw 0 0\n".utf8)),
            look: .command(CommandState(text: "dev-zram0.swap\nswap.img.swap")),
        ]
        #expect(
            step.texts(answers) == [
                "/swap.img is in use", "/etc/fstab turns on /swap.img", "dev-zram0.swap is not masked", "swap.img.swap is not masked",
            ])
        #expect(step.texts([.swaps: .swaps([]), .contents("/etc/fstab"): .contents(nil), look: .command(CommandState())]) == [])
    }

    @Test("leaves fstab untouched where it has no such entry")
    func untouched() async throws {
        let (machine, transport) = Example.machine(
            answering: frame("/dev/zram0\n") + frame("/dev/sda1 /swap ext4\n") + frame("dev-zram0.swap"))
        try await SwapOff().apply(to: machine)
        #expect(await transport.changes.count == 1)
        #expect(await transport.changes[0].contains("swapoff -a"))
    }

    @Test("units that are masked or gone are no finding; all others are, once", arguments: ["dash", "bash"])
    func units(shell: String) async throws {
        try await TemporaryFolder.during { folder in
            let program = """
                #!/bin/sh
                case $1 in
                list-units) printf '%s\\n' 'dev-zram0.swap loaded active active Compressed' 'old.swap masked inactive dead old' 'gone.swap not-found inactive dead gone' 'dev-disk-by\\x2duuid-1.swap loaded inactive dead x';;
                list-unit-files) printf '%s\\n' 'dev-zram0.swap generated -' 'old.swap masked enabled' 'swap.img.swap enabled enabled';;
                esac
                """
            try folder.write("systemctl", program, mode: 0o755)
            let step = SwapOff()
            let answers = try await LocalTransport(shell: shell, programs: folder.path).ask(step.questions, of: Example.node)
            let look = try #require(step.questions.last)
            #expect(answers[look] == .command(CommandState(text: "dev-disk-by\\x2duuid-1.swap\ndev-zram0.swap\nswap.img.swap")))
        }
    }
}
