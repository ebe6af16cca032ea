import ForgeCore
import ForgePlan

/// A packet of full size comes from each node to each other one through the pod network, and back.
///
/// Every machine asks the kubelets of all others at their ends of the VXLAN, at once and with one process. The request
/// is longer than a packet, and so is the certificate that answers it: what is lost on the way is found in both
/// directions, and so is a path whose packets are smaller than the network cards say. Who is at which end is taken from
/// the tables that the pod network has filled; a Ready node that they do not name is not reached. A machine that is no
/// node is not asked.
enum PodNetwork {
    static func step(from host: Host, to others: [Host], _ cni: CNI, within limit: Duration = .seconds(60))
        -> any Step
    {
        let look = look(at: cni.device)
        let nodes = Nodes.look(host.role == .controlPlane ? HostKubectl.asAdmin : HostKubectl.asNode)
        return WaitUntil(
            "\(host.name) reaches the other nodes through the pod network", within: limit,
            asking: [.command(look), .command(nodes)],
            fix:
                """
                open \(cni.port) between the machines, in both directions, as 6443/tcp and 10250/tcp: in the cloud's \
                security group, with `ufw allow`, or in `sudo iptables -S INPUT`; where only small packets pass, give \
                the network card the MTU that the network has (`ip link set dev NAME mtu 1400`), and `sudo \
                \(cni.restart)` after it
                """
        ) { answers in differences(Report(answers.command(look).text), Nodes(answers.command(nodes).text), others) }
    }

    private static func differences(_ report: Report, _ nodes: Nodes, _ others: [Host]) -> [Difference] {
        guard report.hasDevice else { return ["the pod network is not there yet"] }
        let ready = Set(nodes.all.filter(\.isReady).map(\.name))
        return others.compactMap { host in
            guard let end = report.ends["\(host.address)"] else {
                return ready.contains(host.name)
                    ? "\(host.name) is Ready, and the pod network has no route to it here" : nil
            }
            switch report.replies[end] {
            case .full: return nil
            case .small: return "\(host.name) (\(end)) is reached by small packets, but not by full-size ones"
            case .some(.none), nil: return "\(host.name) (\(end)) does not answer through the pod network"
            }
        }
    }

    /// The link is asked of `ip`, which speaks of its own network namespace; /sys may be that of another one, in a
    /// container.
    /// 28: no answer in time. What is refused has come through, too. A host's firewall may take pings from pods and no
    /// connections to its kubelet, so who is silent is pinged, with packets of full size.
    static func look(at device: String) -> String {
        """
        link=$(ip -o link show dev \(device) 2>/dev/null) || exit 0
        echo device
        bridge fdb show dev \(device) | sed 's/^/fdb /'
        ip -4 neigh show dev \(device) | sed 's/^/neigh /'
        ends=$(ip -4 neigh show dev \(device) | cut -d ' ' -f 1)
        [ -n "$ends" ] || exit 0
        long=$(printf '%02000d' 0)
        urls() { for end in $ends; do printf 'url = "https://%s:10250/healthz"\\noutput = /dev/null\\n' "$end"; done; }
        said=$(urls | curl -qsk -Z --parallel-max 300 --noproxy '*' --max-time 3 \\
          -H "X-Full-Size: $long" -w 'reply %{url_effective} %{exitcode}\\n' -K -)
        mtu=${link#* mtu }; mtu=${mtu%% *}
        pinged() { ping -n -q -c 2 -i 0.3 -W 2 "$@" >/dev/null; }
        again() {
          size=none
          if pinged -M do -s $((mtu - 28)) "$1"; then size=full; elif pinged "$1"; then size=small; fi
          echo "reply $1 $size"
        }
        printf '%s\\n' "$said" | {
          while read -r word url code; do
            end=${url#https://}; end=${end%:*}
            if [ "$code" = 28 ]; then again "$end" & else echo "reply $end full"; fi
          done
          wait
        }
        """
    }

    /// What the query found.
    struct Report {
        /// The size of packets that come through.
        enum Reply: String { case full, small, none }
        var hasDevice = false
        /// The address of a node's end of the VXLAN, by the node's own address.
        var ends: [String: String] = [:]
        var replies: [String: Reply] = [:]

        init(_ text: String) {
            var machines: [String: String] = [:]
            for line in text.split(separator: "\n") {
                let words = line.split(separator: " ").map(String.init)
                switch words.first {
                case "device": hasDevice = true
                case "fdb":
                    if let at = words.firstIndex(of: "dst"), words.count > at + 1 { machines[words[1]] = words[at + 1] }
                case "neigh":
                    if let at = words.firstIndex(of: "lladdr"), words.count > at + 1,
                        let machine = machines[words[at + 1]]
                    {
                        ends[machine] = words[1]
                    }
                case "reply" where words.count == 3: replies[words[1]] = Reply(rawValue: words[2])
                default: break
                }
            }
        }
    }
}

/// The bridge that a node's pods are on has the network that the pod network gave the node: else no packet finds the
/// way back to them.
enum Bridge {
    /// None where pods are on no bridge.
    static func steps(for host: Host, _ cni: CNI) -> [any Step] {
        guard let look = cni.bridgeLook else { return [] }
        let step = Requirement(
            "the bridge of \(host.name) has the pod network of its node", asking: [.command(look)],
            fix:
                """
                another pod network made it, or this one with another range. When the pods of \(host.name) may \
                restart: `kubectl drain \(host.name) --ignore-daemonsets`, `sudo ip link delete cni0` on \(host.name) \
                (the next pod recreates it), `kubectl uncordon \(host.name)`
                """
        ) { answers in
            let lines = answers.command(look).text.split(separator: "\n").map {
                $0.split(separator: " ").map(String.init)
            }
            func all(_ word: String) -> [String] { lines.filter { $0.count == 2 && $0[0] == word }.map { $0[1] } }
            guard let wanted = all("wanted").first, !all("has").isEmpty, !all("has").contains(wanted) else { return [] }
            return ["cni0 has \(all("has").joined(separator: ", ")), and its node was given \(wanted)"]
        }
        return [step]
    }
}
