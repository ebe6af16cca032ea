import ForgeCore
import ForgeInventory
import ForgePlan

/// The registry lets kubeforge in, over TLS with a certificate of the cluster.
enum RegistryAnswers {
    /// Its image has to be pulled the first time.
    static func step(_ registry: ClusterRegistry, on host: Host, within limit: Duration = .seconds(180)) -> WaitUntil {
        let url = Word("https://\(registry.endpoint)/v2/")
        let look = RegistryCurl().line("-s", "-S", "-o", "/dev/null", "-w", "%{http_code}", url) + " 2>&1"
        let pod = "\(RegistryIsConfigured.pod)-\(host.name)"
        return WaitUntil(
            "the registry answers at \(registry.endpoint)", within: limit, asking: [.command(look)],
            fix:
                """
                see what it says: `sudo kubectl --kubeconfig /etc/kubernetes/admin.conf -n kube-system describe pod \
                \(pod)`; an image that cannot be pulled needs a mirror of docker.io (mirrors: registries:) or another \
                name (service: registryImage:)
                """,
            explain: { machine in
                try await machine.ask([.command(complaints(of: pod))]).command(complaints(of: pod)).text
            },
            notReady: { answers in
                let said = answers.command(look).text
                return said == "200" ? [] : [Difference(told(said))]
            })
    }

    /// The kubelet's last two warnings about the pod, and the last lines that it printed.
    private static func complaints(of pod: String) -> String {
        let kubectl = Kubectl(namespace: "kube-system")
        let events = kubectl.line(
            "get", "events", "--field-selector", Word("involvedObject.name=\(pod),type=Warning"), "--output",
            #"jsonpath={range .items[*]}{.reason}: {.message}{"\n"}{end}"#)
        return "\(events) | tail -n 2; \(kubectl.line("logs", "--tail=3", Word(pod))) 2>/dev/null"
    }

    /// curl prints 000 where no answer came, and its complaint before it.
    private static func told(_ text: String) -> String {
        switch text {
        case "": return "it could not be queried"
        case "401": return "it does not accept kubeforge's password"
        default:
            let line = text.split(whereSeparator: \.isNewline).first ?? ""
            return "it does not answer: \(line.hasSuffix("000") ? line.dropLast(3) : line)"
        }
    }
}
