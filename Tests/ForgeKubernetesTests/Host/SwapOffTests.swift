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
            ("LABEL=swap none swap", "LABEL=swap"), ("/dev/sda1 /swap ext4 defaults 0 1", nil),
            ("/dev/swap /mnt ext4 swap 0 0", nil),
            ("tmpfs /tmp tmpfs size=1g,swap 0 0", nil), ("# /swap.img none swap sw 0 0", nil),
            ("#/swap.img none swap sw 0 0", nil),
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
        let look = try #require(step.questions.first { if case .command = $0 { true } else { false } })
        let answers: [Question: Answer] = [
            .swaps: .swaps(["/swap.img"]),
            .contents("/etc/fstab"): .contents(Array("/swap.img none swap sw 0 0\n".utf8)),
            .file("/etc/fstab"): .file(FileState(sha256: SHA256.hex("/swap.img none swap sw 0 0\n"))),
            look: .command(CommandState(text: "dev-zram0.swap\nswap.img.swap")),
        ]
        #expect(
            step.texts(answers) == [
                "/swap.img is in use", "/etc/fstab turns on /swap.img", "dev-zram0.swap is not masked",
                "swap.img.swap is not masked",
            ])
        #expect(
            step.texts([.swaps: .swaps([]), .contents("/etc/fstab"): .contents(nil), look: .command(CommandState())])
                == [])
    }

    @Test("leaves fstab untouched where it has no such entry")
    func untouched() async throws {
        let units = (0..<4).map { _ in
            "LoadState=not-found\nActiveState=inactive\nUnitFileState=\nActiveEnterTimestamp="
        }
        let (machine, transport) = Example.machine(
            answering: frame(" 0") + frame(" 0") + frame("regular file|644|root:root|21|1")
                + frame("\(SHA256.hex("/dev/sda1 /swap ext4\n"))  /etc/fstab") + frame(units.joined(separator: "\n\n"))
                + frame("/dev/zram0\n") + frame("/dev/sda1 /swap ext4\n") + frame("dev-zram0.swap"))
        try await SwapOff().apply(to: machine)
        #expect(await transport.changes.count == 1)
        #expect(await transport.changes[0].contains("swapoff -a"))
    }

    @Test("leaves all else in fstab as it is: bytes, mode, and a copy")
    func fstab() async throws {
        let units = (0..<4).map { _ in
            "LoadState=not-found\nActiveState=inactive\nUnitFileState=\nActiveEnterTimestamp="
        }
        let theirs: [UInt8] = Array("# B".utf8) + [0xfc] + Array("ro\r\n".utf8)
        let swap = Array("/swap.img none swap sw 0 0\n".utf8)
        let files =
            frame(" 0") + frame(" 0") + frame("regular file|600|root:root|9|1")
            + frame("\(SHA256.hex(theirs + swap))  /etc/fstab")
            + frame(units.joined(separator: "\n\n")) + frame("") + "0 \((theirs + swap).count)\n"
        let look = Array(files.utf8) + theirs + swap + Array(("\n" + frame("")).utf8)
        let transport = ScriptedTransport { $0.isLook ? Output(standardOutput: look) : Output() }
        try await SwapOff().apply(to: Machine(host: Example.node, transport: transport))
        let written = theirs + Array("# swap is off for Kubernetes (kubeforge): ".utf8) + swap
        let changes = await transport.commands.filter { !$0.isLook }
        #expect(changes.first == RemoteFile("/etc/fstab", bytes: written, mode: 0o600).write)
        #expect(RemoteFile("/etc/fstab", "").isShared, "so what was there is kept")
    }

    @Test("units that are masked or gone are no finding; all others are, once", arguments: ["dash", "bash"])
    func units(shell: String) async throws {
        try await TemporaryDirectory.during { directory in
            let program = """
                #!/bin/sh
                case $1 in
                list-units) printf '%s\\n' 'dev-zram0.swap loaded active active Compressed' 'old.swap masked inactive \
                dead old' 'gone.swap not-found inactive dead gone' 'dev-disk-by\\x2duuid-1.swap loaded inactive dead \
                x';;
                show) printf \
                'LoadState=not-found\\n\\nLoadState=not-found\\n\\nLoadState=not-found\\n\\nLoadState=not-found\\n';;
                list-unit-files) printf '%s\\n' 'dev-zram0.swap generated -' 'old.swap masked enabled' 'swap.img.swap \
                enabled enabled';;
                esac
                """
            try directory.write("systemctl", program, mode: 0o755)
            let step = SwapOff()
            let answers = try await LocalTransport(shell: shell, programs: directory.path).ask(
                step.questions, of: Example.node)
            let look = try #require(step.questions.first { if case .command = $0 { true } else { false } })
            #expect(
                answers[look]
                    == .command(CommandState(text: "dev-disk-by\\x2duuid-1.swap\ndev-zram0.swap\nswap.img.swap")))
        }
    }

    @Test(
        "that a service turns on is named by the service, unless somebody has disabled that",
        arguments: ["zramswap.service", "zram-config.service", "dphys-swapfile.service", "swapspace.service"])
    func services(name: String) {
        func texts(_ state: UnitState) -> [String] { SwapOff().texts([.unit(name): .unit(state)]) }
        #expect(texts(UnitState(active: "active", enabled: "enabled")) == ["\(name) turns swap on at boot"])
        #expect(texts(UnitState(active: "inactive", enabled: "enabled")).count == 1)
        #expect(texts(UnitState(active: "active", enabled: "disabled")).count == 1)
        #expect(texts(UnitState(active: "inactive", enabled: "generated")).count == 1)
        #expect(texts(UnitState(active: "inactive", enabled: "disabled")) == [])
        #expect(texts(UnitState(load: "masked", active: "inactive", enabled: "masked")) == [])
        #expect(texts(UnitState(load: "not-found", active: "inactive")) == [])
    }

    @Test("is turned off with the services and units that bring it back", arguments: ["dash", "bash"])
    func script(shell: String) async throws {
        try await TemporaryDirectory.during { directory in
            let systemctl = """
                #!/bin/sh
                case $1 in
                list-units) echo 'dev-zram0.swap loaded active active Compressed';;
                list-unit-files) echo 'dev-zram0.swap generated -';;
                *) echo "$*" >> \(directory.path("log"));;
                esac
                """
            try directory.write("systemctl", systemctl, mode: 0o755)
            try directory.write("swapoff", "#!/bin/sh\necho \"swapoff $*\" >> \(directory.path("log"))\n", mode: 0o755)
            let environment = ["PATH=\(directory.path):/usr/bin:/bin"]
            try await LocalProgram.run(
                "env", environment + ["/bin/\(shell)", "-c", SwapOff.script, "sh", "zramswap.service"])
            #expect(
                try directory.text("log").split(separator: "\n") == [
                    "daemon-reload", "stop -- zramswap.service", "disable -- zramswap.service",
                    "mask -- zramswap.service",
                    "stop -- dev-zram0.swap", "mask -- dev-zram0.swap", "stop -- systemd-zram-setup@zram0.service",
                    "mask -- systemd-zram-setup@zram0.service", "daemon-reload", "swapoff -a",
                ])
        }
    }
}
