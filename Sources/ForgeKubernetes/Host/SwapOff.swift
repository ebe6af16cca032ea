import ForgeCore
import ForgePlan

/// Swap is off, now and after a reboot: no area in use, no fstab entry, no swap unit that could start.
struct SwapOff: Step {
    var title: String { "swap is off, after a reboot, too" }

    var questions: [Question] { [.swaps, .contents("/etc/fstab"), .command(Self.unitsLook)] }

    func differences(given answers: Answers) -> [Difference] {
        let entries = Self.swapLines(of: answers.text("/etc/fstab") ?? "")
        let units = answers.command(Self.unitsLook).text.split(separator: "\n")
        return answers.swaps.map { "\($0) is in use" } + entries.map { "/etc/fstab turns on \($0)" } + units.map { "\($0) is not masked" }
    }

    func apply(to machine: Machine) async throws {
        let fstab = try await machine.ask(questions).text("/etc/fstab") ?? ""
        if !Self.swapLines(of: fstab).isEmpty { try await machine.write(RemoteFile("/etc/fstab", Self.withoutSwap(fstab))) }
        let script = """
            set -e
            systemctl daemon-reload
            \(Self.unitsLook) | while read -r unit; do
              systemctl stop -- "$unit"
              # systemctl masks no unit whose file somebody put here; the file is kept beside it.
              file="/etc/systemd/system/$unit"
              if [ -f "$file" ] && [ ! -L "$file" ]; then mv -- "$file" "$file.before-kubeforge"; fi
              systemctl mask -- "$unit"
            done
            swapoff -a
            """
        try await machine.run(Command("sh", "-c", Word(script)).asRoot())
    }

    /// Units of swap.img, zram and partitions found by systemd-gpt-auto-generator.
    private static let unitsLook = """
        { systemctl list-units --all --type=swap --no-legend --plain --full; systemctl list-unit-files --type=swap --no-legend --full; } 2>/dev/null \\
        | while read -r unit state rest; do case $state in masked|not-found) ;; *) [ -z "$unit" ] || printf '%s\\n' "$unit";; esac; done | sort -u
        """

    /// Entries whose third field is swap: a text match would take innocent lines with it.
    static func swapLines(of fstab: String) -> [String] {
        fstab.split(separator: "\n").filter(isSwap).map { String($0.split(whereSeparator: \.isWhitespace)[0]) }
    }

    static func withoutSwap(_ fstab: String) -> String {
        fstab.split(separator: "\n", omittingEmptySubsequences: false)
            .map { isSwap($0) ? "# swap is off for Kubernetes (kubeforge): \($0)" : String($0) }
            .joined(separator: "\n")
    }

    private static func isSwap(_ line: Substring) -> Bool {
        let fields = line.split(whereSeparator: \.isWhitespace)
        return fields.count >= 3 && !fields[0].hasPrefix("#") && fields[2] == "swap"
    }
}
