import ForgeCore
import ForgePlan

/// What kubeadm says when it fails, and what a person does about it.
enum KubeadmFailure {
    static func problem(_ command: Command, _ host: Host, _ output: Output) -> Problem {
        var problem = Problem(failed: command, on: host, output)
        let errors = (output.errorText + "\n" + output.text).split(separator: "\n").filter {
            $0.contains("[ERROR ") || $0.hasPrefix("error ") || $0.contains("error execution phase")
        }
        if !errors.isEmpty { problem.why = errors.map { $0.trimming(while: \.isWhitespace) }.uniqued().joined(separator: "\n") }
        problem.fix = fix(problem.why ?? "", host)
        return problem
    }

    private static func fix(_ why: String, _ host: Host) -> String {
        let cures: [(sign: String, fix: String)] = [
            ("Port-", "another program listens there: `sudo ss -ltnp` on \(host.name) names it; stop it, and run again"),
            ("NumCPU", "a control plane needs two processors: give \(host.name) one more"),
            ("Mem]", "a control plane needs 1700 MB of memory: give \(host.name) more"),
            ("CRI]", "the container runtime does not answer: `sudo journalctl -u containerd -n 50` on \(host.name)"),
            ("ImagePull", "an image could not be pulled: name a mirror in the inventory (mirrors: registries:)"),
            ("not yet valid", "the clocks of the machines differ: `timedatectl` on both"),
            ("JWS", "the clocks of the machines differ, or the token is gone: `timedatectl` on both; run again for a new token"),
            (
                "couldn't initialize a Kubernetes cluster",
                "a container of the control plane does not stay up: `sudo ctr -n k8s.io containers ls` and `sudo journalctl -u kubelet -n 50` on \(host.name)"
            ),
            (
                "timed out waiting for the condition",
                "`sudo journalctl -u kubelet -n 50` on \(host.name) tells why the kubelet does not come up"
            ),
        ]
        return cures.first { why.contains($0.sign) }?.fix
            ?? "`sudo journalctl -u kubelet -n 50` on \(host.name); run again when the cause is gone: it goes on where it stopped"
    }
}
