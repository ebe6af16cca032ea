import ForgeCore
import ForgeInventory
import ForgePlan

/// What must be true of a machine and what kubeforge will not change: all findings of all hosts are told before
/// anything is changed.
struct Preflight {
    let cluster: Cluster
    let facts: [String: Facts]
    let cni: CNI
    /// Whether this run renews the control plane's certificates.
    let isRenewing: Bool

    func steps(for host: Host) -> [any Step] {
        guard let own = facts[host.name] else { return [] }
        return machine(host, own) + kernel(own) + disks(host, own) + identity(host, own) + proxy(host, own) + [
            address(host, own), clock(host, own), operatorsClock(own),
            ClusterMembershipCheck(host: host, cluster: cluster), InstalledVersionCheck(version: cluster.kubernetes),
            OtherKubernetes(),
            EditableFiles.requirement, PortsAreFree(role: host.role),
            ForeignNetwork(runtime: cluster.runtime, cni: cni), NameServers.requirement(for: host),
            CertificatesLast(cluster: cluster, isRenewing: isRenewing),
        ]
    }

    private func machine(_ host: Host, _ own: Facts) -> [any Step] {
        let memory = host.role == .controlPlane ? 1700 : 900
        let known = Distribution.all.map(\.name).joined(separator: ", ")
        let name = own.distribution.name
        let end = Distribution.retired[name].map { ": \($0)" } ?? ""
        return [
            fact(
                "its distribution is supported",
                Distribution.all.contains(own.distribution) ? nil : "it is \(name)\(end)", fix: "use one of: \(known)"),
            signature(own),
            fact(
                "its processor is amd64 or arm64",
                ["amd64", "arm64"].contains(own.architecture) ? nil : "it is \(own.architecture)",
                fix: "Kubernetes' packages exist for amd64 and arm64"),
            fact(
                "it has \(memory) MiB of memory", own.memoryMiB >= memory ? nil : "it has \(own.memoryMiB) MiB",
                fix: "give the machine more memory"),
            fact(
                "it has enough CPUs", own.cores >= 2 || host.role == .worker ? nil : "it has \(own.cores)",
                fix: "kubeadm requires two for a control plane"),
        ]
    }

    /// What is installed needs no repository any more.
    private func signature(_ own: Facts) -> any Step {
        let version = cluster.kubernetes
        let isAccepted = cluster.mirrors.kubernetes != nil || own.distribution.acceptsSignature(of: version)
        return Requirement(
            "its apt accepts the packages of Kubernetes \(version)", asking: isAccepted ? [] : [.package("kubelet")],
            fix:
                """
                use Kubernetes 1.32 or newer, Debian 12, or a mirror with a signature of its own (mirrors: apt: \
                kubernetes:)
                """
        ) { answers in
            let isHere = answers.package("kubelet").installed?.hasPrefix("\(version)-") == true
            return isAccepted || isHere ? [] : ["Debian 13 refuses the old signature of pkgs.k8s.io for 1.31 and older"]
        }
    }

    /// kubeforge's commands do not go through a proxy of the machine's own environment, so the first that leads outside
    /// would fail late, and not say why. An inventory that names where Kubernetes' packages come from may need none; so
    /// does a machine that has them.
    private func proxy(_ host: Host, _ own: Facts) -> [any Step] {
        guard let proxy = own.proxy, cluster.proxy == nil, cluster.mirrors.kubernetes == nil else { return [] }
        let step = Requirement(
            "the proxy in its environment is in the inventory", asking: [.package("kubelet")],
            fix:
                """
                if it cannot reach packages and images in any other way, write into \(cluster.path): `proxy: { http: \
                \(proxy), https: \(proxy) }`; else name mirrors there (mirrors:), or take it out of the environment of \
                \(host.access.user) (/etc/environment) on \(host.name)
                """
        ) { answers in
            answers.package("kubelet").installed != nil
                ? [] : ["its environment names \(proxy), and kubeforge would not use it"]
        }
        return [step]
    }

    private func kernel(_ own: Facts) -> [any Step] {
        [
            fact(
                "it has cgroup v2 where Kubernetes needs it",
                own.hasCgroup2 || !cluster.kubernetes.isAtLeast(1, 35) ? nil : "it has cgroup v1",
                fix:
                    """
                    Kubernetes \(cluster.kubernetes) needs cgroup v2: use Ubuntu 22.04 or newer\
                    \(own.isContainer ? " on the computer that the container runs on" : ""), or Kubernetes 1.34 or older
                    """
            ),
            fact(
                "its memory cgroup is enabled", own.hasMemoryCgroup == false ? "the memory cgroup is off" : nil,
                fix: (own.isContainer ? "on the computer that the container runs on; " : "")
                    + """
                    on a Raspberry Pi: add `cgroup_enable=memory cgroup_memory=1` to the one line of \
                    /boot/firmware/cmdline.txt; elsewhere take `cgroup_disable=memory` out of GRUB_CMDLINE_LINUX in \
                    /etc/default/grub, and `sudo update-grub`; then `sudo reboot`
                    """
            ),
            fact(
                "its kernel has VXLAN", own.hasVXLAN == false ? "`modprobe vxlan` finds no such module" : nil,
                fix:
                    """
                    the pod network needs it: `sudo apt install linux-modules-extra-$(uname -r)` on Ubuntu, or boot \
                    the distribution's newest kernel
                    """
            ),
        ]
    }

    private func disks(_ host: Host, _ own: Facts) -> [any Step] {
        let pressure = DiskPressure(runtime: cluster.runtime, rooms: own.rooms).findings
        let isRoomy = own.freeDiskMiB >= 5120
        return [
            Requirement(
                "it has 5 GiB free in /var", asking: isRoomy ? [] : [.file(HostKubectl.kubeletConfig)],
                fix: "make room: `du -xh /var | sort -h | tail`, or a larger disk"
            ) { answers in
                // A node has its packages and images.
                isRoomy || answers.file(HostKubectl.kubeletConfig) != nil
                    ? [] : ["it has \(own.freeDiskMiB) MiB"]
            },
            Requirement(
                "its free disk space is above the kubelet's eviction thresholds", asking: [],
                fix: "make room: `df -h` and `du -xh /var | sort -h | tail` on \(host.name), or a larger disk"
            ) { _ in pressure },
        ]
    }

    /// VMs that were cloned share their machine-id, and then the addresses and identities derived from it. kubeadm
    /// wants the firmware's number and the network cards to differ, too.
    private func identity(_ host: Host, _ own: Facts) -> [any Step] {
        func duplicate(_ isSame: (Facts) -> Bool) -> String? {
            facts.filter { $0.key != host.name && isSame($0.value) }.keys.min()
        }
        let machineID = duplicate { !own.machineID.isEmpty && $0.machineID == own.machineID }
        let uuid = duplicate {
            !Self.isPlaceholder(own.productUUID) && $0.productUUID.lowercased() == own.productUUID.lowercased()
        }
        let card = own.macAddresses.lazy.compactMap { mac in
            duplicate { $0.macAddresses.contains(mac) }.map { "\($0) has the same: \(mac)" }
        }
        .first
        return [
            fact(
                "its machine-id is unique", machineID.map { "\($0) has the same: \(own.machineID)" },
                fix:
                    """
                    if it is a cloned VM: `sudo rm /etc/machine-id && sudo systemd-machine-id-setup && sudo reboot` on \
                    one of them
                    """
            ),
            fact(
                "its product_uuid is unique", uuid.map { "\($0) has the same: \(own.productUUID)" },
                fix:
                    """
                    if it is a cloned VM: let the hypervisor give one of them a new UUID, and boot it (`cat \
                    /sys/class/dmi/id/product_uuid`)
                    """
            ),
            fact(
                "its MAC addresses are unique", card,
                fix:
                    """
                    if it is a cloned VM: let the hypervisor give one of them a new MAC address, and boot it (`ip -br \
                    link`)
                    """
            ),
        ]
    }

    /// What firmware has where nobody gave it a number.
    private static func isPlaceholder(_ uuid: String) -> Bool {
        uuid.isEmpty || Set(uuid.filter { $0 != "-" }).count <= 1
            || uuid.lowercased() == "03000200-0400-0500-0006-000700080009"
    }

    /// A cloud's public address is on no interface: the kubelet does not register with it, and etcd cannot listen
    /// there.
    private func address(_ host: Host, _ own: Facts) -> any Step {
        let others = own.addresses.filter { !isOfPods($0) }
        let isThere = own.addresses.isEmpty || own.addresses.contains { $0.address == "\(host.address)" }
        let has = others.map { $0.name == "-" ? $0.address : "\($0.address) (\($0.name))" }.joined(separator: ", ")
        let meant = others.first?.address ?? "the one that other machines reach"
        return fact(
            "its address is on one of its interfaces",
            isThere ? nil : "\(host.address) is on none; it has \(has.isEmpty ? "no other" : has)",
            fix:
                """
                in \(cluster.path): `address: \(meant)` is what the machines use among themselves, and `ssh: { \
                address: \(host.address) }` of this host is where SSH goes
                """
        )
    }

    private func isOfPods(_ interface: Facts.Interface) -> Bool {
        ["cni", "cali", "flannel", "vxlan.", "docker", "br-", "veth", "kube-"].contains(where: interface.name.hasPrefix)
            || IPv4Address(interface.address).map(cluster.podNetwork.contains) == true
    }

    /// Tokens and certificates look wrong to a machine whose clock is; nothing else names the cause.
    private func clock(_ host: Host, _ own: Facts) -> any Step {
        let reference = facts[cluster.firstControlPlane.name]?.clock ?? own.clock
        let skew = own.clock - reference
        return fact(
            "its clock is in sync with \(cluster.firstControlPlane.name)",
            abs(skew) <= 60 ? nil : "it is \(abs(skew)) s \(skew > 0 ? "ahead" : "behind")",
            fix: "`sudo timedatectl set-ntp true` on both, or set the clock")
    }

    /// apt refuses lists of the future as "not valid yet", and so does TLS with certificates, on either side.
    private func operatorsClock(_ own: Facts) -> any Step {
        let wrong: String? = own.skew.flatMap { skew in
            skew.magnitude <= 60 ? nil : "it is \(skew.magnitude) s \(skew > 0 ? "ahead" : "behind")"
        }
        return fact(
            "its clock is in sync with this computer", wrong,
            fix: "`sudo timedatectl set-ntp true` on it, and here if this computer's clock is the wrong one: `date`")
    }

    private func fact(_ title: String, _ finding: String?, fix: String) -> any Step {
        Requirement(title, asking: [], fix: fix) { _ in finding.map { [Difference($0)] } ?? [] }
    }
}

/// Whether the kubelet will say DiskPressure: it takes no pods then, evicts those it has, and removes images.
///
/// The thresholds are those that a kubelet has by itself (`evictionHard`): 10 % of its file system, 15 % of the one
/// that images are on, 5 % of the inodes. What an absolute number of GiB means depends on the disk.
struct DiskPressure {
    let runtime: Cluster.Runtime
    let rooms: [String: Facts.Room]

    /// One line for each threshold that is not met, with both numbers.
    var findings: [Difference] {
        let kubelet = rooms["kubelet"]
        let images = rooms[runtime == .docker ? "docker" : "containerd"]
        return [
            kubelet.flatMap { space($0, percent: 10) }, images.flatMap { space($0, percent: 15) },
            kubelet.flatMap { inodes($0, percent: 5) },
        ].compactMap { $0 }
    }

    private func space(_ room: Facts.Room, percent: Int) -> Difference? {
        guard room.freeMiB * 100 < room.totalMiB * percent else { return nil }
        let needed = (room.totalMiB * percent + 99) / 100
        return
            """
            \(room.path): \(room.freeMiB) of \(room.totalMiB) MiB are free; below \(percent) % (\(needed) MiB) the \
            kubelet says DiskPressure
            """
    }

    private func inodes(_ room: Facts.Room, percent: Int) -> Difference? {
        guard room.freeInodes * 100 < room.totalInodes * percent else { return nil }
        return
            """
            \(room.path): \(room.freeInodes) of \(room.totalInodes) inodes are free; below \(percent) % the kubelet \
            says DiskPressure
            """
    }
}
