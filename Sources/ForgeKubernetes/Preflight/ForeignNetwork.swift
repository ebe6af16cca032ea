import ForgeCore
import ForgeInventory
import ForgePlan

/// No other pod network's configuration comes before kubeforge's: a runtime takes the first file of the directory.
struct ForeignNetwork: PreflightCheck {
    let runtime: Cluster.Runtime
    /// The cluster's own.
    let cni: CNI

    var title: String { "no other pod network is configured on it" }

    var questions: [Question] { [.command(Self.look())] }

    func differences(given answers: Answers) -> [Difference] {
        Self.files(answers.command(Self.look()).text).filter { $0.name < cni.configuration && !$0.calls(cni.plugin) }
            .map {
                let types = $0.types.isEmpty ? "" : " (\($0.types.joined(separator: ", ")))"
                return
                    """
                    \(Self.directory)/\($0.name)\(types) comes before \(cni.configuration): no pod would get the \
                    cluster's network
                    """
            }
    }

    func finding(_ differences: [Difference], on host: Host) -> Problem {
        let paths = differences.map { String($0.text.prefix { $0 != " " }) }
        let unit = runtime == .docker ? "cri-dockerd" : "containerd"
        return Problem(
            what: "\(host.name): already has another pod network; it was left untouched",
            why: differences.map(\.text).joined(separator: "\n"),
            fix:
                """
                if nothing uses it any more: `sudo mv \(paths.joined(separator: " ")) /root/ && sudo systemctl \
                try-restart \(unit)` on \(host.name), and restart the pods that use it; else use another \
                machine
                """)
    }

    private static let directory = "/etc/cni/net.d"

    /// A line for each file that a runtime looks at: its name, and its plugins.
    static func look(below root: String = "") -> String {
        """
        cd \(root)\(directory) 2>/dev/null || exit 0
        for file in *.conf *.conflist *.json; do
          [ ! -f "$file" ] || echo "$file" $(grep -o '"type" *: *"[^"]*"' "$file" | sed 's/.*"\\([^"]*\\)"$/\\1/')
        done
        """
    }

    private struct File {
        let name: String
        let types: [String]
        /// Whether its plugins call the cluster's own network, and add to it.
        func calls(_ plugin: String) -> Bool { types.contains { $0.hasPrefix("multus") || $0 == plugin } }
    }

    private static func files(_ text: String) -> [File] {
        text.split(separator: "\n").compactMap { line in
            let words = line.split(separator: " ").map(String.init)
            return words.first.map { File(name: $0, types: Array(words.dropFirst())) }
        }
    }
}
