import ForgeCore
import ForgeInventory
import ForgePlan

/// What kubeadm says when it fails, and what a person does about it.
enum KubeadmFailure {
    static func problem(_ command: Command, _ host: Host, _ output: Output, cluster: Cluster) -> Problem {
        var problem = Problem(failed: command, on: host, output)
        let text = output.errorText + "\n" + output.text
        let errors = text.split(separator: "\n").filter {
            $0.contains("[ERROR ") || $0.hasPrefix("error ") || $0.contains("error execution phase")
        }
        if !errors.isEmpty {
            problem.why = errors.map { $0.trimming(while: \.isWhitespace) }.uniqued().joined(separator: "\n")
        }
        let last = cures(on: host, cluster).first { $0.isMeant(by: problem.why ?? "") }
        let late = lateCure(on: host, text)
        problem.fix =
            (last?.isGeneral == true ? late ?? last : last ?? late)?.fix
            ?? "`sudo journalctl -u kubelet -n 50` on \(host.name); fix the cause, then run again to continue"
        return problem
    }

    /// Words that stand together in a message of kubeadm, from 1.20 to 1.37, and what to do then. Of each list one must
    /// be there.
    private struct Cure {
        let signs: [[String]]
        let fix: String
        /// Whether these words stand for several causes, and what kubeadm said on its way tells them apart.
        let isGeneral: Bool

        init(_ signs: [String]..., isGeneral: Bool = false, fix: String) {
            self.signs = signs
            self.fix = fix
            self.isGeneral = isGeneral
        }

        func isMeant(by text: String) -> Bool { signs.allSatisfy { $0.contains(where: text.contains) } }
    }

    private static func cures(on host: Host, _ cluster: Cluster) -> [Cure] {
        let runtime = cluster.runtime
        let server = cluster.firstControlPlane.name
        return preflight(on: host, runtime) + [
            // Go says both in one sentence, and after it which of them: `current time … is after …`.
            Cure(
                ["certificate has expired"], ["is before "],
                fix:
                    """
                    the clock of \(host.name) is behind that of \(server), or was when the certificate was made: \
                    `timedatectl` on both
                    """
            ),
            Cure(
                ["certificate has expired"],
                fix:
                    """
                    see which on \(server): `sudo kubeadm certs check-expiration`; `\(Certificates.renewal(cluster))` \
                    renews them
                    """
            ),
            Cure(
                ["JWS", "is invalid for this cluster or it has expired"],
                fix:
                    """
                    the clocks of the machines differ, or the token is gone: `timedatectl` on both; run again for a \
                    new token
                    """
            ),
            Cure(
                ["cluster-info", "validate the identity of the API Server"],
                fix:
                    """
                    \(host.name) does not reach the API server: open 6443/tcp, 10250/tcp and \(cluster.cni.port) \
                    between the machines, and see with `curl -k https://ADDRESS:6443/livez` on \(host.name)
                    """),
            // 1.32 and newer say which of both they waited for.
            Cure(["while waiting for the kubelet to start", "10248"], fix: kubelet(host)),
            // Until 1.30, until 1.33: the same, whether the kubelet or a container does not come up.
            Cure(
                ["couldn't initialize a Kubernetes cluster", "could not initialize a Kubernetes cluster"],
                isGeneral: true, fix: container(host, runtime)),
            Cure(["while waiting for the control plane to start"], fix: container(host, runtime)),
            Cure(
                ["kubelet-start", "kubelet-wait-bootstrap", "wait-control-plane"],
                ["deadline exceeded", "timed out waiting"],
                fix: kubelet(host)),
            Cure(["timed out waiting for the condition"], fix: kubelet(host)),
        ]
    }

    /// What kubeadm finds before it begins: `[ERROR NumCPU]`.
    private static func preflight(on host: Host, _ runtime: Cluster.Runtime) -> [Cure] {
        [
            Cure(
                ["missing required cgroups: memory", "CGROUPS_MEMORY: missing"],
                fix:
                    """
                    the memory cgroup is off: on a Raspberry Pi add `cgroup_enable=memory cgroup_memory=1` to \
                    /boot/firmware/cmdline.txt of \(host.name), and reboot
                    """
            ),
            Cure(
                ["Port-"],
                fix: "another program listens there: `sudo ss -ltnp` on \(host.name) names it; stop it, and run again"),
            Cure(["NumCPU"], fix: "a control plane needs two processors: give \(host.name) one more"),
            Cure(["Mem]"], fix: "a control plane needs 1700 MB of memory: give \(host.name) more"),
            Cure(["[ERROR Swap]"], fix: "swap is on again: `cat /proc/swaps` on \(host.name); something turns it on"),
            Cure(
                ["CRI]"],
                fix: """
                    the container runtime does not answer: `sudo journalctl \(units(runtime)) -n 50` on \(host.name)
                    """),
            Cure(
                ["ImagePull"],
                fix: "an image could not be pulled: name a mirror in the inventory (mirrors: registries:)"),
        ]
    }

    /// Found in what kubeadm tells on its way, where its last words are general. Its port alone is no sign: from 1.31
    /// on kubeadm says first that it waits for a healthy kubelet at that address.
    private static func lateCure(on host: Host, _ text: String) -> Cure? {
        let cure = Cure(
            [
                "The kubelet is not healthy after", "the kubelet isn't running or healthy",
                ":10248/healthz' failed", ":10248/healthz' returned",
            ], fix: kubelet(host))
        return cure.isMeant(by: text) ? cure : nil
    }

    private static func container(_ host: Host, _ runtime: Cluster.Runtime) -> String {
        """
        a container of the control plane does not stay up: `\(containers(runtime))` and `sudo journalctl -u kubelet -n \
        50` on \(host.name)
        """
    }

    private static func kubelet(_ host: Host) -> String {
        "`sudo journalctl -u kubelet -n 50` on \(host.name) tells why the kubelet does not come up"
    }

    private static func units(_ runtime: Cluster.Runtime) -> String {
        switch runtime {
        case .containerd: "-u containerd"
        case .docker: "-u cri-dockerd -u docker"
        }
    }

    /// crictl is not everywhere: kubeadm's packages of 2026 do not bring it.
    static func containers(_ runtime: Cluster.Runtime) -> String {
        switch runtime {
        case .containerd: "sudo ctr -n k8s.io tasks ls"
        case .docker: "sudo docker ps -a"
        }
    }
}
