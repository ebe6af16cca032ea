import ForgeCore
import ForgeInventory
import ForgePlan

/// A worker is a node of the cluster: it may read its own node object with the credentials that joining gave it.
struct Join: Step {
    let host: Host
    let cluster: Cluster
    let config: KubeadmConfig
    let token: JoinToken

    private static let configPath = "/var/lib/kubeforge/kubeadm-join.yaml"

    var title: String { "\(host.name) has joined" }

    var questions: [Question] { [.command(nodeLook), .file(Kubectl.kubeletConfig)] }

    func differences(given answers: Answers) -> [Difference] {
        if answers.file(Kubectl.kubeletConfig) == nil { return ["\(host.name) is not part of the cluster"] }
        return answers.command(nodeLook).exitCode == 0 ? [] : ["the cluster does not know \(host.name)"]
    }

    func apply(to machine: Machine) async throws {
        try await clean(machine)
        try await reachControlPlane(machine)
        try await token.lend(through: machine) { ticket in
            let text = try config.joining(of: host, server: cluster.firstControlPlane.address, token: ticket.token, caHash: ticket.caHash)
            try await machine.run(untilSigned(ticket.id))
            try await machine.write(RemoteFile(Self.configPath, text, mode: 0o600, isSecret: true))
            let command = Command("kubeadm", "join", "--config", Word(Self.configPath)).through(cluster.outgoing).asRoot().within(
                .seconds(600))
            let output = try await machine.attempt(command)
            try await machine.run(Command("rm", "-f", "--", Word(Self.configPath)).asRoot())
            guard output.isSuccess else { throw KubeadmFailure.problem(command, host, output, runtime: cluster.runtime) }
        }
    }

    /// kubeadm join looks for the token's signature once in 5 s only, and a new control plane takes ten seconds until it signs.
    /// Waited for here, since the control plane's other steps would stand behind a command of that length. Nothing is believed
    /// of the answer; a cluster that gives it to nobody leaves the waiting to kubeadm.
    private func untilSigned(_ token: String) -> Command {
        let script = """
            for try in $(seq 100); do
              answer=$(curl -qskf --noproxy '*' --max-time 2 -- "$1") || { [ $? != 22 ] || exit 0; }
              case $answer in *"jws-kubeconfig-$2"*) exit 0;; esac
              sleep 0.2
            done
            """
        let address = "https://\(cluster.firstControlPlane.address):6443/api/v1/namespaces/kube-public/configmaps/cluster-info"
        return Command("sh", "-c", Word(script), "sh", Word(address), Word(token))
    }

    /// One connection before anything that waits: a port that is closed on the way costs kubeadm five minutes, and it names no port.
    private func reachControlPlane(_ machine: Machine) async throws {
        let server = cluster.firstControlPlane
        let url = "https://\(server.address):6443/livez"
        let output = try await machine.attempt(
            Command("curl", "-qsSk", "--noproxy", "*", "--connect-timeout", "10", "--max-time", "15", "-o", "/dev/null", "--", Word(url)))
        // 7: refused, or no way there. 28: no answer in time. All else is an answer.
        guard [.code(7), .code(28)].contains(output.exit) else { return }
        throw Problem(
            what: "\(host.name): port 6443/tcp of \(server.name) (\(server.address)) does not answer from here", why: output.lastLine,
            fix:
                "open 6443/tcp, 10250/tcp and 8472/udp between the machines: in the cloud's security group (for the group itself, too), with `ufw allow`, "
                + "or in `sudo iptables -S INPUT` on \(server.name)")
    }

    private var nodeLook: String { Kubectl.asNode("get -o name node/\(host.name)") }

    /// What a half-finished join left; a worker holds nothing that a reset could lose, unless it works.
    private func clean(_ machine: Machine) async throws {
        try await refuseIfReady(machine)
        let script = """
            for file in /etc/kubernetes/kubelet.conf /etc/kubernetes/bootstrap-kubelet.conf /etc/kubernetes/pki/ca.crt; do
              if [ -e "$file" ]; then exec kubeadm reset --force --cri-socket "$1"; fi
            done
            """
        let command = Command("sh", "-c", Word(script), "sh", Word(RuntimeSocket.path(for: cluster)))
        try await machine.run(command.asRoot().within(.seconds(300)))
        try await waitForOldNode(machine)
    }

    /// The machine that had the name before may look Ready for 40 s after it is gone, and kubeadm does not join beside a Ready node.
    private func waitForOldNode(_ machine: Machine) async throws {
        let script = """
            for second in $(seq 90); do
              [ "$(kubectl --kubeconfig \(Kubectl.adminConfig) get node "$1" -o "$2" 2>/dev/null)" = True ] || exit 0
              sleep 1
            done
            echo "the cluster has a Ready node of this name" >&2; exit 1
            """
        try await machine.peer(cluster.firstControlPlane.name).run(
            Command("sh", "-c", Word(script), "sh", Word(host.name), Self.readiness).asRoot().within(.seconds(300)),
            fix:
                "another machine has the name: `kubectl get node \(host.name) -o wide` tells which; correct the inventory, or remove that node"
        )
    }

    private static let readiness: Word = "jsonpath={.status.conditions[?(@.type==\"Ready\")].status}"

    /// A node that the cluster sees as Ready and that only cannot reach its API server for a moment must not lose its pods.
    private func refuseIfReady(_ machine: Machine) async throws {
        guard try await machine.ask([.file(Kubectl.kubeletConfig)]).file(Kubectl.kubeletConfig) != nil else { return }
        let look = Kubectl.command("get", "node", Word(host.name), "-o", Self.readiness)
        guard try await machine.peer(cluster.firstControlPlane.name).attempt(look).text == "True" else { return }
        throw Problem(
            what: "\(host.name): does not reach the cluster that it is a Ready node of",
            why: "`kubectl get node \(host.name)` with its own credentials fails",
            fix: "see why: `sudo kubectl --kubeconfig \(Kubectl.kubeletConfig) get node \(host.name)` on \(host.name)")
    }
}
