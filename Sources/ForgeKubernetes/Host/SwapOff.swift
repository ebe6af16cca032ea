import ForgeCore
import ForgePlan

/// Swap is off, now and after a reboot: no area in use, no fstab entry, no swap unit and no service that turns it on.
struct SwapOff: Step {
    var title: String { "swap is off and stays off after a reboot" }

    var questions: [Question] {
        [.swaps, .contents(Self.fstab), .file(Self.fstab), .command(Self.unitsLook)] + Self.services.map(Question.unit)
    }

    func differences(given answers: Answers) -> [Difference] {
        let entries = Self.swapLines(of: answers.text("/etc/fstab") ?? "")
        let units = answers.command(Self.unitsLook).text.split(separator: "\n")
        let services = Self.services.filter { Self.turnsSwapOn(answers.unit($0)) }
        return answers.swaps.map { "\($0) is in use" } + entries.map { "/etc/fstab turns on \($0)" }
            + units.map { "\($0) is not masked" } + services.map { "\($0) turns swap on at boot" }
    }

    func apply(to machine: Machine) async throws {
        let answers = try await machine.ask(questions)
        let faults = EditableFiles.faults(of: Self.fstab, answers)
        guard faults.isEmpty else { throw EditableFiles.requirement.finding(faults, on: machine.host) }
        let fstab = answers.editable(Self.fstab) ?? ""
        if !Self.swapLines(of: fstab).isEmpty {
            let mode = answers.file(Self.fstab)?.mode ?? 0o644
            try await machine.write(RemoteFile(Self.fstab, bytes: [UInt8](edited: Self.withoutSwap(fstab)), mode: mode))
        }
        let services = Self.services.filter { Self.turnsSwapOn(answers.unit($0)) }
        try await machine.run(
            Command([Word("sh"), "-c", Word(Self.script), "sh"] + services.map { Word($0) }).asRoot())
    }

    static let fstab = "/etc/fstab"

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
