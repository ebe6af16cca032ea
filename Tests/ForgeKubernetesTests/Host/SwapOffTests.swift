import ForgeCore
import ForgePlan
import ForgeTestSupport
import Foundation
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
        let units = (0..<5).map { _ in
            "LoadState=not-found\nActiveState=inactive\nUnitFileState=\nActiveEnterTimestamp="
        }
        let (machine, transport) = Example.machine(
            answering: frame(" 0") + frame(" 0") + frame("regular file|644|root:root|21|1")
                + frame("\(SHA256.hex("/dev/sda1 /swap ext4\n"))  /etc/fstab") + frame(units.joined(separator: "\n\n"))
                + frame("/dev/zram0\n") + frame("/dev/sda1 /swap ext4\n") + frame("", code: 1) + frame("", code: 1)
                + frame("", code: 1) + frame("dev-zram0.swap"))
        try await SwapOff().apply(to: machine)
        #expect(await transport.changes.count == 1)
        #expect(await transport.changes[0].contains("swapoff -a"))
    }

    @Test("is not turned off while fstab cannot be read in full")
    func unreadable() async throws {
        let units = (0..<5).map { _ in
            "LoadState=not-found\nActiveState=inactive\nUnitFileState=\nActiveEnterTimestamp="
        }
        let files =
            frame(" 0") + frame(" 0") + frame("regular file|644|root:root|7|1")
            + frame("\(SHA256.hex("something else"))  /etc/fstab")
        let contents = frame("# mine") + frame("", code: 1) + frame("", code: 1) + frame("", code: 1)
        let look = files + frame(units.joined(separator: "\n\n")) + frame("/dev/zram0\n") + contents + frame("")
        let (machine, transport) = Example.machine(answering: look)
        let problem = await #expect(throws: Problem.self) { try await SwapOff().apply(to: machine) }
        #expect(problem?.why == "/etc/fstab has NUL bytes, or changes while it is read")
        #expect(await transport.changes == [])
    }

    @Test("leaves all else in fstab as it is: bytes, mode, and a copy")
    func fstab() async throws {
        let units = (0..<5).map { _ in
            "LoadState=not-found\nActiveState=inactive\nUnitFileState=\nActiveEnterTimestamp="
        }
        let theirs: [UInt8] = Array("# B".utf8) + [0xfc] + Array("ro\r\n".utf8)
        let swap = Array("/swap.img none swap sw 0 0\n".utf8)
        let files =
            frame(" 0") + frame(" 0") + frame("regular file|600|root:root|9|1")
            + frame("\(SHA256.hex(theirs + swap))  /etc/fstab")
            + frame(units.joined(separator: "\n\n")) + frame("") + "0 \((theirs + swap).count)\n"
        let look =
            Array(files.utf8) + theirs + swap
            + Array(("\n" + frame("", code: 1) + frame("", code: 1) + frame("", code: 1) + frame("")).utf8)
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
                'LoadState=not-found\\n\\nLoadState=not-found\\n\\nLoadState=not-found\\n\\n\
                LoadState=not-found\\n\\nLoadState=not-found\\n';;
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

    /// `program`: what Armbian's has.
    private func texts(_ path: String, _ text: String, program: String = reading) -> [String] {
        let isArmbian = path.hasSuffix(Self.armbian)
        return SwapOff().texts([
            .contents(path): .contents(Array(text.utf8)), .file(path): .file(FileState(sha256: SHA256.hex(text))),
            .unit("\(Self.armbian).service"): .unit(
                isArmbian ? UnitState(active: "active", enabled: "enabled") : UnitState(load: "not-found")),
            .contents("/usr/lib/armbian/armbian-zram-config"): .contents(Array(program.utf8)),
        ])
    }

    private static let reading =
        "swap_algo=${SWAP_ALGORITHM:=lzo}\n[[ -n \"$SWAP\" && \"$SWAP\" != \"true\" ]] && return;\n"
    private static let armbian = "armbian-zram-config"

    @Test(
        "that Armbian's service turns on is named by the setting that keeps its other uses of zram",
        arguments: [
            ("ENABLED=true\n", true), ("ENABLED=true\n# SWAP=false\n", true), ("ENABLED=\"true\"\nSWAP=true\n", true),
            ("ENABLED=true\nSWAP=\n", true), ("ENABLED=true\nSWAP=false\nSWAP=true\n", true),
            ("ENABLED=true\nSWAP=false\n", false), ("ENABLED=true\n  SWAP='no' # mine\n", false),
            ("ENABLED=false\n", false), ("# ENABLED=true\n", false), ("", false),
            ("ENABLED='true'\n", true), ("ENABLED=true\nSWAP=false\nSWAP=\n", true),
            ("ENABLED=true\nSWAP=x=y\n", false), ("export ENABLED=true\n", true),
            ("export ENABLED=true\nexport SWAP=false\n", false),
        ])
    func armbian(text: String, isOn: Bool) {
        let said = "/etc/default/armbian-zram-config lets armbian-zram-config.service turn swap on at boot"
        #expect(texts("/etc/default/\(Self.armbian)", text) == (isOn ? [said] : []))
    }

    @Test("that Armbian's older service turns on, which has no such setting, is told before anything is changed")
    func olderArmbian() {
        let older = "# override SWAP_ALGORITHM\nswap_algo=${SWAP_ALGORITHM:=lzo}\necho $SWAP_ALGORITHM\n"
        let said = texts("/etc/default/\(Self.armbian)", "ENABLED=true\n", program: older)
        #expect(
            said == [
                "armbian-zram-config.service turns swap on at boot, and its program does not know the setting SWAP"
            ])
        #expect(texts("/etc/default/\(Self.armbian)", "ENABLED=true\nSWAP=false\n", program: older) == said)
        #expect(texts("/etc/default/\(Self.armbian)", "ENABLED=false\n", program: older) == [])
        let problem = SwapOff().refusal(of: said.map { Difference($0) }, on: Example.node)
        #expect(
            problem?.fix == """
                update the Armbian packages of kubnode (`sudo apt update && sudo apt full-upgrade`), or set \
                `ENABLED=false` in /etc/default/armbian-zram-config, which ends its compressed /var/log and /tmp, too
                """)
        #expect(SwapOff().refusal(of: ["/swap.img is in use"], on: Example.node) == nil)
    }

    @Test(
        "that Azure's agent turns on is named by its setting",
        arguments: [
            ("ResourceDisk.EnableSwap=y\n", true), (" ResourceDisk.EnableSwap = Y # yes\n", true),
            ("ResourceDisk.EnableSwap=n\nResourceDisk.EnableSwap=y\n", true),
            ("ResourceDisk.EnableSwap=n\n", false), ("# ResourceDisk.EnableSwap=y\n", false),
            ("ResourceDisk.EnableSwapEncryption=y\n", false), ("ResourceDisk.SwapSizeMB=2048\n", false),
        ])
    func azure(text: String, isOn: Bool) {
        let said = "/etc/waagent.conf lets Azure's agent turn swap on at boot"
        #expect(texts("/etc/waagent.conf", text) == (isOn ? [said] : []))
    }

    @Test("settings are changed alone, and what was there is kept")
    func settings() async throws {
        let (armbian, azure) = (
            "# mine\nENABLED=true\n  SWAP=true # yes\nZRAM_PERCENTAGE=50\n",
            "ResourceDisk.Format=y\nResourceDisk.EnableSwap=y\nResourceDisk.SwapSizeMB=2048\n"
        )
        let off = "LoadState=not-found\nActiveState=inactive\nUnitFileState=\nActiveEnterTimestamp="
        let on = "LoadState=loaded\nActiveState=active\nUnitFileState=enabled\nActiveEnterTimestamp="
        let look =
            frame(" 1 2") + frame(" 1 2")
            + frame("regular file|644|root:root|\(armbian.utf8.count)|1\nregular file|600|root:root|9|1")
            + frame("\(SHA256.hex(armbian))  armbian\n\(SHA256.hex(azure))  azure")
            + frame([off, off, off, off, on].joined(separator: "\n\n")) + frame("/dev/zram1\n")
            + frame("", code: 1) + frame(armbian) + frame(azure) + frame(Self.reading) + frame("")
        let (machine, transport) = Example.machine(answering: look)
        try await SwapOff().apply(to: machine)
        let files = [
            RemoteFile(
                "/etc/default/armbian-zram-config", "# mine\nENABLED=true\nSWAP=false\nZRAM_PERCENTAGE=50\n"),
            RemoteFile("/etc/waagent.conf", azure.replacing("EnableSwap=y", with: "EnableSwap=n"), mode: 0o600),
        ]
        let changes = await transport.commands.filter { !$0.isLook }
        #expect(changes.prefix(2) == files.map(\.write)[...])
        #expect(files.allSatisfy { $0.isShared }, "so what was there is kept")
        #expect(changes.last?.line.contains("swapoff -a") == true)
        #expect(changes.last?.line.contains("armbian") == false, "the service goes on")
        for (text, expected) in [
            ("ENABLED=true", "ENABLED=true\nSWAP=false\n"), ("ENABLED=true\n", "ENABLED=true\nSWAP=false\n"),
            ("", "SWAP=false\n"),
        ] {
            #expect(SwapSetting.armbian.off(text) == expected)
        }
    }

    @Test("of a container is its limit, which only its host can take away")
    func container() async throws {
        let step = SwapOff(isContainer: true)
        let found = step.differences(given: Answers([.swaps: .swaps(["none"])]))
        #expect(found.map(\.text) == ["none is in use"])
        let fix = """
            on the computer that the container kubnode runs on: `pct set ID --swap 0` (Proxmox), or \
            `lxc.cgroup2.memory.swap.max = 0` in the container's configuration (LXC), and start it again; or `swapoff \
            -a` there
            """
        #expect(
            step.refusal(of: found, on: Example.node)
                == Problem(
                    what: "kubnode: the swap of a container cannot be turned off from inside",
                    why: "/proc/swaps has `none`: the limit that its host gives it", fix: fix))
        #expect(SwapOff().refusal(of: found, on: Example.node) == nil)
        #expect(step.refusal(of: ["/swap.img is in use"], on: Example.node) == nil)
        let plan = try Example.plan(
            Example.cluster(),
            facts: ["kubmaster": Example.facts("1"), "kubnode": Example.facts("2") { $0.isContainer = true }])
        let steps = plan.stages[1].steps(for: "kubnode").compactMap { $0 as? SwapOff }
        #expect(steps.map(\.isContainer) == [true])
    }

    @Test("is off before the file is written by which a later run knows that it was")
    func order() throws {
        let titles = try Example.plan(Example.cluster()).stages[1].steps(for: "kubnode").map(\.title)
        let swap = try #require(titles.firstIndex(of: "swap is off and stays off after a reboot"))
        #expect(titles[swap + 1] == "kernel module overlay is loaded")
    }

    @Test("that is on again, by nothing that is known, says how to find what did it")
    func again() {
        let later = "/etc/modules-load.d/kubeforge-overlay.conf"
        let sum = SHA256.hex("overlay\n")
        let ours: Answer = .file(FileState(sha256: sum, written: [sum]))
        let again = """
            it was off after an earlier provision: something turned it on again, perhaps at boot; `sudo grep -rlsI \
            swapon /etc /usr/lib/systemd /usr/local /usr/sbin` may find it
            """
        #expect(
            SwapOff().texts([.swaps: .swaps(["/dev/zram1"]), .file(later): ours]) == ["/dev/zram1 is in use", again])
        #expect(
            SwapOff().texts([.swaps: .swaps(["/dev/zram1"]), .file(later): .file(nil)]) == ["/dev/zram1 is in use"])
        #expect(SwapOff().texts([.swaps: .swaps([]), .file(later): ours]) == [])
        #expect(
            SwapOff().texts([
                .swaps: .swaps(["/dev/zram0"]), .file(later): ours,
                .unit("zramswap.service"): .unit(UnitState(active: "active", enabled: "enabled")),
            ]) == ["/dev/zram0 is in use", "zramswap.service turns swap on at boot"])
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
            // One that somebody put there, and a link, which systemctl replaces itself.
            try directory.write("units/zramswap.service", "theirs")
            try FileManager.default.createSymbolicLink(
                atPath: directory.path("units/dev-zram0.swap"), withDestinationPath: directory.path("systemctl"))
            let environment = ["PATH=\(directory.path):/usr/bin:/bin"]
            let script = SwapOff.script.replacing("/etc/systemd/system", with: directory.path("units"))
            try await LocalProgram.run(
                "env", environment + ["/bin/\(shell)", "-c", script, "sh", "zramswap.service"])
            #expect(
                try FileManager.default.contentsOfDirectory(atPath: directory.path("units")).sorted() == [
                    "dev-zram0.swap", "zramswap.service.before-kubeforge",
                ])
            #expect(try directory.text("units/zramswap.service.before-kubeforge") == "theirs")
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
