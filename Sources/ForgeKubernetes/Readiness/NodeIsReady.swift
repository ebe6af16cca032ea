import ForgeCore
import ForgePlan

/// The machine's node object says Ready. Each machine is asked about itself, so one that was set aside holds up nobody.
enum NodeIsReady {
    private static let pressures = ["DiskPressure", "MemoryPressure", "PIDPressure"]

    static func step(for host: Host) -> any Step {
        let look = (host.role == .controlPlane ? Kubectl.asAdmin : Kubectl.asNode)(
            """
            get node \(host.name) -o 'jsonpath={range .status.conditions[*]}{.type}={.status} {.message}{\"\\n\"}{end}'
            """
        )
        return WaitUntil(
            "node \(host.name) is Ready", within: .seconds(300), asking: [.command(look)],
            fix: "`kubectl describe node \(host.name)`, and `sudo journalctl -u kubelet -n 50` on \(host.name)",
            cure: {
                $0.command(look).text.split(separator: "\n").contains { $0.hasPrefix("DiskPressure=True") }
                    ? [host.name].roomFix : nil
            },
            notReady: { notReady(host, $0.command(look)) })
    }

    private static func notReady(_ host: Host, _ state: CommandState) -> [Difference] {
        if state.exitCode == 124 { return ["the API server does not answer \(host.name) in time"] }
        let lines = state.text.split(separator: "\n")
        guard lines.contains(where: { $0.hasPrefix("Ready=True") }) else {
            let reason = lines.first { $0.hasPrefix("Ready=") }?.split(separator: " ", maxSplits: 1).last
            return [Difference("\(host.name) is not Ready: \(reason ?? "its node is not registered")")]
        }
        // Under pressure it is Ready, and takes no pods.
        return pressures.flatMap { pressure in lines.filter { $0.hasPrefix("\(pressure)=True") } }.map {
            let words = $0.split(separator: " ", maxSplits: 1)
            return "\(host.name) has \(words[0].prefix { $0 != "=" }), and takes no pods: \(words.last ?? "")"
        }
    }
}
