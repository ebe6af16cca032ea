import ForgeCore
import ForgePlan

/// The machine's hostname is its name in the inventory, now and after a reboot.
struct Hostname: Step {
    let name: String

    var title: String { "its hostname is \(name)" }

    var questions: [Question] { [.contents("/etc/hostname"), .sysctl("kernel.hostname")] }

    func differences(given answers: Answers) -> [Difference] {
        let kept = answers.text("/etc/hostname")?.trimming(while: \.isWhitespace) ?? ""
        let now = answers.sysctl("kernel.hostname") ?? ""
        return (now == name ? [] : [Difference("hostname", from: now, to: name)])
            + (kept == name ? [] : [Difference("/etc/hostname", from: kept.isEmpty ? "empty" : kept, to: name)])
    }

    /// cloud-init would set its own name again at the next boot.
    func apply(to machine: Machine) async throws {
        let script = """
            set -e
            if [ -d /etc/cloud ]; then
              mkdir -p /etc/cloud/cloud.cfg.d
              echo 'preserve_hostname: true' > /etc/cloud/cloud.cfg.d/99-kubeforge-hostname.cfg
            fi
            hostnamectl set-hostname -- "$1" 2>/dev/null || {
              printf '%s\\n' "$1" > /etc/hostname
              hostname -- "$1" 2>/dev/null || printf '%s' "$1" > /proc/sys/kernel/hostname
            }
            """
        try await machine.run(Command("sh", "-c", Word(script), "sh", Word(name)).asRoot())
    }
}
