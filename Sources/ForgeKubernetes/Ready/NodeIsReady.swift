import ForgeCore
import ForgePlan

/// The machine's node object says Ready. Each machine is asked about itself, so one that was set aside holds up nobody.
enum NodeIsReady {
    static func step(for host: Host) -> any Step {
        let look = (host.role == .controlPlane ? Kubectl.asAdmin : Kubectl.asNode)(
            "get node \(host.name) -o 'jsonpath={range .status.conditions[*]}{.type}={.status} {.message}{\"\\n\"}{end}'")
        return Until(
            "node \(host.name) is Ready", within: .seconds(300), asking: [.command(look)],
            fix: "`kubectl describe node \(host.name)`, and `sudo journalctl -u kubelet -n 50` on \(host.name)"
        ) { answers in
            let state = answers.command(look)
            if state.exitCode == 124 { return ["the API server does not answer \(host.name) in time"] }
            let lines = state.text.split(separator: "\n")
            if lines.contains(where: { $0.hasPrefix("Ready=True") }) { return [] }
            let reason = lines.first { $0.hasPrefix("Ready=") }?.split(separator: " ", maxSplits: 1).last
            return [Difference("\(host.name) is not Ready: \(reason ?? "its node is not registered")")]
        }
    }
}
