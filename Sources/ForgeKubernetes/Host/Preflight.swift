import ForgeCore
import ForgeInventory
import ForgePlan

/// What must be true of a machine and what kubeforge will not change: all findings of all hosts are told before anything is changed.
struct Preflight {
    let cluster: Cluster
    let facts: [String: Facts]

    func steps(for host: Host) -> [any Step] {
        guard let own = facts[host.name] else { return [] }
        return machine(host, own) + [
            identity(host, own), clock(host, own), Membership(host: host, cluster: cluster), KubernetesOnDisk(version: cluster.kubernetes),
        ]
    }

    private func machine(_ host: Host, _ own: Facts) -> [any Step] {
        let memory = host.role == .controlPlane ? 1700 : 900
        let known = Distribution.all.map(\.name).joined(separator: ", ")
        return [
            fact(
                "its distribution is one that kubeforge knows",
                Distribution.all.contains(own.distribution) ? nil : "it is \(own.distribution.name)",
                fix: "use one of: \(known)"),
            fact(
                "its processor is amd64 or arm64", ["amd64", "arm64"].contains(own.architecture) ? nil : "it is \(own.architecture)",
                fix: "Kubernetes' packages exist for amd64 and arm64"),
            fact(
                "it has cgroup v2 where Kubernetes needs it",
                own.hasCgroup2 || !cluster.kubernetes.isAtLeast(1, 35) ? nil : "it has cgroup v1",
                fix: "Kubernetes \(cluster.kubernetes) needs cgroup v2: use Ubuntu 22.04 or newer, or Kubernetes 1.34 or older"),
            fact(
                "it has \(memory) MiB of memory", own.memoryMiB >= memory ? nil : "it has \(own.memoryMiB) MiB",
                fix: "give the machine more memory"),
            fact(
                "it has the processors it needs", own.cores >= 2 || host.role == .worker ? nil : "it has \(own.cores)",
                fix: "kubeadm wants two for a control plane"),
            fact(
                "it has 5 GiB free in /var", own.freeDiskMiB >= 5120 ? nil : "it has \(own.freeDiskMiB) MiB",
                fix: "make room: `du -xh /var | sort -h | tail`, or a larger disk"),
        ]
    }

    /// VMs that were cloned share their machine-id, and then the addresses and identities derived from it.
    private func identity(_ host: Host, _ own: Facts) -> any Step {
        let twin = facts.filter { $0.key != host.name && !own.machineID.isEmpty && $0.value.machineID == own.machineID }.keys.min()
        return fact(
            "its machine-id is its own", twin.map { "\($0) has the same: \(own.machineID)" },
            fix: "a cloned VM: `sudo rm /etc/machine-id && sudo systemd-machine-id-setup && sudo reboot` on one of them")
    }

    /// Tokens and certificates look wrong to a machine whose clock is; nothing else names the cause.
    private func clock(_ host: Host, _ own: Facts) -> any Step {
        let reference = facts[cluster.firstControlPlane.name]?.clock ?? own.clock
        let skew = own.clock - reference
        return fact(
            "its clock agrees with \(cluster.firstControlPlane.name)",
            abs(skew) <= 60 ? nil : "it is \(abs(skew)) s \(skew > 0 ? "ahead" : "behind")",
            fix: "`sudo timedatectl set-ntp true` on both, or set the clock")
    }

    private func fact(_ title: String, _ finding: String?, fix: String) -> any Step {
        Requirement(title, asking: [], fix: fix) { _ in finding.map { [Difference($0)] } ?? [] }
    }
}
