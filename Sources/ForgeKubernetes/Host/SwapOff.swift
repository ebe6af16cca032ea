import ForgeCore
import ForgePlan

/// Swap is off, now and after a reboot: no area in use, no fstab entry, no swap unit, and no service and no setting of
/// one that turns it on.
struct SwapOff: Step {
    /// Whether the machine is a container: swap is then its host's.
    var isContainer = false

    var title: String { "swap is off and stays off after a reboot" }

    var questions: [Question] {
        let files = [Self.fstab] + SwapSetting.allCases.map(\.path)
        return [.swaps] + files.flatMap { [.contents($0), .file($0)] }
            + [.command(Self.unitsLook), .contents(Self.armbianProgram), .file(Self.later)]
            + (Self.services + [SwapSetting.armbian.service]).map(Question.unit)
    }

    func differences(given answers: Answers) -> [Difference] {
        let entries = Self.swapLines(of: answers.text("/etc/fstab") ?? "")
        let units = answers.command(Self.unitsLook).text.split(separator: "\n")
        let services = Self.services.filter { Self.turnsSwapOn(answers.unit($0)) }
        let boot =
            services.map { "\($0) turns swap on at boot" } + settings(answers).map(\.difference)
            + (isWithoutSetting(answers) ? [Self.withoutSetting] : [])
        return answers.swaps.map(Self.inUse) + entries.map { "/etc/fstab turns on \($0)" }
            + units.map { "\($0) is not masked" } + boot + (entries.isEmpty && boot.isEmpty ? again(answers) : [])
    }

    private static func inUse(_ area: String) -> Difference { "\(area) is in use" }

    /// An older Armbian has no setting for swap alone, and its other work is not for kubeforge to end. What lxcfs shows
    /// a container as swap is its limit, which only its host sets.
    func refusal(of differences: [Difference], on host: Host) -> Problem? {
        let limit = Self.inUse(Self.lxcfs)
        if isContainer, differences.contains(limit) {
            return Problem(
                what: "\(host.name): the swap of a container cannot be turned off from inside",
                why: "/proc/swaps has `\(Self.lxcfs)`: the limit that its host gives it", fix: fix(host.name))
        }
        guard differences.contains(Self.withoutSetting) else { return nil }
        return Problem(
            what: "\(host.name): swap would be on again after a reboot", why: Self.withoutSetting.text,
            fix:
                """
                update the Armbian packages of \(host.name) (`sudo apt update && sudo apt full-upgrade`), or set \
                `ENABLED=false` in \(SwapSetting.armbian.path), which ends its compressed /var/log and /tmp, too
                """
        )
    }

    func apply(to machine: Machine) async throws {
        let answers = try await machine.ask(questions)
        let settings = settings(answers)
        let faults = ([Self.fstab] + settings.map(\.path)).flatMap { EditableFiles.faults(of: $0, answers) }
        guard faults.isEmpty else { throw EditableFiles.requirement.finding(faults, on: machine.host) }
        let fstab = answers.editable(Self.fstab) ?? ""
        if !Self.swapLines(of: fstab).isEmpty {
            try await write(Self.withoutSwap(fstab), to: Self.fstab, answers, machine)
        }
        for setting in settings {
            guard let text = answers.editable(setting.path) else { continue }
            try await write(setting.off(text), to: setting.path, answers, machine)
        }
        let services = Self.services.filter { Self.turnsSwapOn(answers.unit($0)) }
        try await machine.run(
            Command([Word("sh"), "-c", Word(Self.script), "sh"] + services.map { Word($0) }).asRoot(),
            fix: isContainer ? fix(machine.host.name) : nil)
    }

    /// On a container's host.
    private func fix(_ host: String) -> String {
        """
        on the computer that the container \(host) runs on: `pct set ID --swap 0` (Proxmox), or \
        `lxc.cgroup2.memory.swap.max = 0` in the container's configuration (LXC), and start it again; or `swapoff -a` \
        there
        """
    }

    /// The area that lxcfs invents for a container that may use swap.
    private static let lxcfs = "none"

    private func write(_ text: String, to path: String, _ answers: Answers, _ machine: Machine) async throws {
        let mode = answers.mode(path) ?? 0o644
        try await machine.write(RemoteFile(path, bytes: [UInt8](edited: text), mode: mode))
    }

    static let fstab = "/etc/fstab"

    /// Those that are on. Armbian's counts only where its service runs.
    private func settings(_ answers: Answers) -> [SwapSetting] {
        SwapSetting.allCases.filter {
            $0.isOn(answers.text($0.path) ?? "") && ($0 != .armbian || runsArmbian(answers) && knowsSetting(answers))
        }
    }

    private func isWithoutSetting(_ answers: Answers) -> Bool { runsArmbian(answers) && !knowsSetting(answers) }

    private func runsArmbian(_ answers: Answers) -> Bool {
        Self.turnsSwapOn(answers.unit(SwapSetting.armbian.service))
            && SwapSetting.armbian.isUsed(answers.text(SwapSetting.armbian.path) ?? "")
    }

    /// Older releases know SWAP_ALGORITHM and no SWAP. The file with the settings does not tell: it may be older than
    /// the program.
    private func knowsSetting(_ answers: Answers) -> Bool {
        answers.text(Self.armbianProgram)?.contains(/\$\{?SWAP(?![A-Za-z0-9_])/) == true
    }

    private static let withoutSetting: Difference =
        "\(SwapSetting.armbian.service) turns swap on at boot, and its program does not know the setting SWAP"

    private static let armbianProgram = "/usr/lib/armbian/armbian-zram-config"

    /// Whatever turned it on is none of what kubeforge knows, and would do so again.
    private func again(_ answers: Answers) -> [Difference] {
        guard !answers.swaps.isEmpty, answers.file(Self.later)?.written.isEmpty == false else { return [] }
        return [
            """
            it was off after an earlier provision: something turned it on again, perhaps at boot; `sudo grep -rlsI \
            swapon /etc /usr/lib/systemd /usr/local /usr/sbin` may find it
            """
        ]
    }

    /// kubeforge writes it once swap is off: it belongs to the next step of its stage.
    private static let later = KernelModule.path(of: "overlay")

    /// What calls swapon itself; the .swap unit that systemd shows for it only mirrors the kernel's state, and masking
    /// it stops nothing.
    /// zram-tools, Ubuntu's zram-config, Raspberry Pi OS's dphys-swapfile, swapspace.
    private static let services = [
        "zramswap.service", "zram-config.service", "dphys-swapfile.service", "swapspace.service",
    ]

    /// A service that is there and disabled does nothing: somebody has seen to it.
    private static func turnsSwapOn(_ state: UnitState) -> Bool {
        state.active == "active"
            || state.load == "loaded" && !["disabled", "masked", "masked-runtime", ""].contains(state.enabled)
    }

    /// systemctl masks no unit whose file somebody put into /etc: such a file is kept beside it. With the .swap unit of
    /// zram-generator goes the service that makes its device.
    static let script = """
        set -e
        mask() {
          file="/etc/systemd/system/$1"
          if [ -f "$file" ] && [ ! -L "$file" ]; then mv --backup=numbered -- "$file" "$file.before-kubeforge"; fi
          systemctl mask -- "$1"
        }
        systemctl daemon-reload
        for service in "$@"; do
          systemctl stop -- "$service"
          systemctl disable -- "$service" 2>/dev/null || true
          mask "$service"
        done
        \(unitsLook) | while read -r unit; do
          systemctl stop -- "$unit"
          mask "$unit"
          case $unit in
          dev-zram*.swap)
            device=${unit#dev-}; device=${device%.swap}
            systemctl stop -- "systemd-zram-setup@$device.service" 2>/dev/null || true
            mask "systemd-zram-setup@$device.service";;
          esac
        done
        systemctl daemon-reload
        swapoff -a
        """

    /// Units of swap.img, zram and partitions found by systemd-gpt-auto-generator.
    private static let unitsLook = """
        { systemctl list-units --all --type=swap --no-legend --plain --full; systemctl list-unit-files --type=swap \
        --no-legend --full; } 2>/dev/null \\
        | while read -r unit state rest; do case $state in masked|not-found) ;; *) [ -z "$unit" ] || printf '%s\\n' \
        "$unit";; esac; done | sort -u
        """

    /// Entries whose third field is swap: a text match would take innocent lines with it.
    static func swapLines(of fstab: String) -> [String] {
        fstab.unixLines.filter(isSwap).map { String($0.split(whereSeparator: \.isWhitespace)[0]) }
    }

    static func withoutSwap(_ fstab: String) -> String {
        fstab.unixLines.map { isSwap($0) ? "# swap is off for Kubernetes (kubeforge): \($0)" : $0 }.joined(
            separator: "\n")
    }

    private static func isSwap(_ line: String) -> Bool {
        let fields = line.split(whereSeparator: \.isWhitespace)
        return fields.count >= 3 && !fields[0].hasPrefix("#") && fields[2] == "swap"
    }
}
