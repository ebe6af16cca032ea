import ForgeCore
import ForgePlan

/// Whether pods can ask the name servers that the kubelet will give to them.
///
/// In a pod 127.0.0.1 is the pod itself: CoreDNS would ask itself, and ends (its plugin `loop`).
enum NameServers {
    static func requirement(for host: Host) -> Requirement {
        let files = [hostsOwn, resolvedsOwn, kubeletFlags]
        return Requirement(
            "pods can reach its name servers",
            asking: files.map(Question.contents) + [.file(kubeletConfig), .unit(resolved)],
            fix:
                """
                name there the servers that the one on loopback asks itself, such as the router; or give pods a file \
                of their own: `echo nameserver ADDRESS | sudo tee /etc/resolv-pods.conf` and `echo \
                KUBELET_EXTRA_ARGS=--resolv-conf=/etc/resolv-pods.conf | sudo tee -a \(kubeletFlags)` on \(host.name)
                """,
            differences: differences)
    }

    /// None where kubeadm has set the node up: its CoreDNS runs, or says itself why not.
    private static func differences(_ answers: Answers) -> [Difference] {
        if answers.file(kubeletConfig) != nil || namesFile(answers.text(kubeletFlags) ?? "") { return [] }
        let file = answers.unit(resolved).active == "active" ? resolvedsOwn : hostsOwn
        let servers = servers(answers.text(file) ?? "")
        if servers.isEmpty { return ["\(file) \(answers.text(file) == nil ? "is missing" : "names no name server")"] }
        guard servers.allSatisfy(isLoopback) else { return [] }
        return [
            """
            \(file) names no other name server than \(servers.uniqued().joined(separator: ", ")), which in a pod is \
            the pod itself
            """
        ]
    }

    /// What the kubelet reads by itself, and what kubeadm has it read where systemd-resolved is active: the first names
    /// the stub on 127.0.0.53 then.
    private static let (hostsOwn, resolvedsOwn) = ("/etc/resolv.conf", "/run/systemd/resolve/resolv.conf")
    private static let resolved = "systemd-resolved.service"
    private static let kubeletConfig = "/var/lib/kubelet/config.yaml"

    /// Flags for the kubelet, which go before its configuration; people write them.
    private static let kubeletFlags = "/etc/default/kubelet"

    private static func namesFile(_ flags: String) -> Bool {
        flags.linesToRead.contains { line in line.prefix { $0 != "#" }.contains("--resolv-conf") }
    }

    private static func servers(_ text: String) -> [String] {
        text.linesToRead.compactMap { line in
            let words = line.split(whereSeparator: \.isWhitespace)
            return words.count > 1 && words[0] == "nameserver" ? String(words[1]) : nil
        }
    }

    private static func isLoopback(_ server: String) -> Bool {
        IPv4Address(lookedUp: server).map { $0.bits >> 24 == 127 } ?? false
    }
}
