import ForgeCore
import ForgeInventory
import ForgePlan

/// A node gets to the cluster's registry and trusts its certificate. It is asked as anybody may ask it, without the
/// password.
enum RegistryIsReached {
    static func step(_ registry: ClusterRegistry, from host: Host) -> Requirement {
        let look =
            Command(
                "curl", "-q", "-s", "-S", "-o", "/dev/null", "--cacert", Word(ClusterRegistry.authority), "--noproxy",
                "*", "--max-time", "10", Word("https://\(registry.endpoint)/v2/")
            ).line + " 2>&1"
        return Requirement(
            "\(host.name) reaches the registry at \(registry.endpoint)", asking: [.command(look)],
            fix:
                """
                open \(ClusterRegistry.port)/tcp of \(registry.address) to the nodes, in firewalls and security \
                groups; then deploy again
                """
        ) { answers in
            let state = answers.command(look)
            return state.exitCode == 0
                ? [] : [Difference(state.text.split(whereSeparator: \.isNewline).last.map(String.init) ?? "no answer")]
        }
    }

    /// Nobody else listens where the registry shall.
    static func isFree(_ registry: ClusterRegistry) -> Requirement {
        let port = ClusterRegistry.port
        return Requirement(
            "port \(port) is free for the registry", asking: [.command(holder)],
            fix:
                """
                stop what listens on \(port), or give it another port; or name a registry of your own: service: \
                registry: in the inventory
                """
        ) { answers in
            let state = answers.command(holder)
            return state.text.isEmpty ? [] : [Difference("\(port)/tcp is taken by \(state.text)")]
        }
    }

    /// Prints who listens there, unless it is the registry of the cluster, which its command line tells.
    private static let holder = #"""
        ss -Hltnp "sport = :\#(ClusterRegistry.port)" | sed -n 's/.*users:(("\([^"]*\)",pid=\([0-9]*\),.*/\1 \2/p' | \#
        sort -u | while read -r name pid; do
        grep -qs kubeforge-registry "/proc/$pid/cmdline" || echo "$name (process $pid)"; done
        """#
}
