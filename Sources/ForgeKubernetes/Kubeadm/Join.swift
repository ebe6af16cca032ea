import ForgeCore
import ForgeInventory
import ForgePlan

/// A worker is a node of the cluster: it may read its own node object with the credentials that joining gave it.
///
/// Only a join that kubeforge began and that did not finish is taken back, and only when the cluster says that the node
/// does not work. A worker that merely cannot reach its API server loses nothing.
struct Join: Step {
    let host: Host
    let cluster: Cluster
    let config: KubeadmConfig
    let token: JoinToken
    /// For how long each of its waits lasts at most.
    var limit: Duration = .seconds(90)
    /// Before it looks again.
    var pause: Duration = .seconds(1)

    static let configPath = "/var/lib/kubeforge/kubeadm-join.yaml"

    var title: String { "\(host.name) has joined" }

    var questions: [Question] {
        [.command(nodeLook), .file(HostKubectl.kubeletConfig), Begun.question(.joinConfiguration)]
    }

    func differences(given answers: Answers) -> [Difference] {
        if answers.file(HostKubectl.kubeletConfig) == nil { return ["\(host.name) is not part of the cluster"] }
        switch own(answers) {
        case .there: return isBegun(answers) ? ["its join is not recorded as complete"] : []
        case .missing: return ["the cluster does not know \(host.name)"]
        case .notKnown: return ["\(host.name) does not reach the cluster"]
        }
    }

    func apply(to machine: Machine) async throws {
        guard let begun = try await beginning(on: machine) else { return }
        try await waitForOldNode(machine)
        try await reachControlPlane(machine)
        try await token.withToken(through: machine) { ticket in
            let text = try config.joinConfiguration(
                of: host, server: cluster.firstControlPlane.address, token: ticket.token, caHash: ticket.caHash)
            try await waitForSignature(ticket.id, machine)
            try await machine.write(RemoteFile(Self.configPath, text, mode: 0o600, isSecret: true))
            let command = Command("kubeadm", "join", "--config", Word(Self.configPath)).through(cluster.outgoing)
                .asRoot().within(
                    .seconds(600))
            let output = try await machine.attempt(command)
            try await machine.run(Command("rm", "-f", "--", Word(Self.configPath)).asRoot())
            guard output.isSuccess else { throw KubeadmFailure.problem(command, host, output, cluster: cluster) }
        }
        try await begun.complete()
    }

    /// kubeadm join looks for the token's signature once in 5 s only, and a new control plane takes ten seconds until
    /// it signs.
    /// Nothing in the answer is trusted; a cluster that gives it to nobody leaves the waiting to kubeadm, and so does
    /// one that does not sign.
    private func waitForSignature(_ token: String, _ machine: Machine) async throws {
        let path = "api/v1/namespaces/kube-public/configmaps/cluster-info"
        let look =
            "curl -qskf --noproxy '*' --max-time 2 -- https://\(cluster.firstControlPlane.address):6443/\(path)"
        _ = try await machine.poll(within: min(limit, .seconds(30)), every: min(pause, .milliseconds(200))) {
            let answer = try await machine.ask([.command(look)]).command(look)
            // 22: the API server answers, and refuses.
            return answer.exitCode == 22 || answer.text.contains("jws-kubeconfig-\(token)")
        }
    }

    /// One connection before anything that waits: a port that is closed on the way costs kubeadm five minutes, and it
    /// names no port.
    private func reachControlPlane(_ machine: Machine) async throws {
        let server = cluster.firstControlPlane
        let url = "https://\(server.address):6443/livez"
        let output = try await machine.attempt(
            Command(
                "curl", "-qsSk", "--noproxy", "*", "--connect-timeout", "10", "--max-time", "15", "-o", "/dev/null",
                "--", Word(url)))
        // 7: refused, or no way there. 28: no answer in time. All else is an answer.
        guard [.code(7), .code(28)].contains(output.exit) else { return }
        throw Problem(
            what: "\(host.name): port 6443/tcp of \(server.name) (\(server.address)) does not answer from here",
            why: output.lastLine,
            fix:
                """
                open 6443/tcp, 10250/tcp and \(cluster.cni.port) between the machines: in the cloud's security group \
                (for the group itself, too), with `ufw allow`, or in `sudo iptables -S INPUT` on \(server.name)
                """)
    }

    private var nodeLook: String { HostKubectl.asNode("get -o name node/\(host.name) 2>&1") }

    private func own(_ answers: Answers) -> Presence { Presence(answers.command(nodeLook)) }

    private func isBegun(_ answers: Answers) -> Bool { Begun.isNoted(.joinConfiguration, of: cluster, in: answers) }

    /// A machine that may join, and the note that it does; nil when it turns out to be a node that works.
    private func beginning(on machine: Machine) async throws -> Begun? {
        let answers = try await machine.ask(questions)
        let isNode = answers.file(HostKubectl.kubeletConfig) != nil
        guard let begun = try await Begun.find(.joinConfiguration, of: cluster, on: machine) else {
            if !isNode { return try await Begun.begin(.joinConfiguration, of: cluster, on: machine) }
            try await register(machine, own(answers))
            return nil
        }
        if isNode, own(answers) == .there {
            try await begun.complete()
            return nil
        }
        if isNode { try await refuseUnlessLost(machine) }
        if try await isTouched(machine) { try await begun.reset() }
        return begun
    }

    /// Whether kubeadm join got so far that it left something.
    private func isTouched(_ machine: Machine) async throws -> Bool {
        let files = [HostKubectl.kubeletConfig, "/etc/kubernetes/bootstrap-kubelet.conf", "/etc/kubernetes/pki/ca.crt"]
        let answers = try await machine.ask(files.map { .file($0) })
        return files.contains { answers.file($0) != nil }
    }

    /// A complete node whose object is gone registers again when its kubelet starts; an API server that restarts is
    /// waited for.
    /// What else is wrong with it, a person must see.
    private func register(_ machine: Machine, _ presence: Presence) async throws {
        if case .missing = presence {
            _ = try await machine.attempt(Command("systemctl", "restart", "kubelet").asRoot().within(.seconds(120)))
        }
        var last = Answers()
        let isThere = try await machine.poll(within: limit, every: pause) {
            last = try await machine.ask(questions)
            return differences(given: last).isEmpty
        }
        if isThere { return }
        let said = if case .notKnown(let words) = own(last) { words } else { "the cluster has no node \(host.name)" }
        let journal = Command("journalctl", "--unit", "kubelet", "--lines", "100", "--output", "cat", "--no-pager")
            .asRoot()
        let expiry = Certificates.expiry(kubeletSays: try await machine.attempt(journal).text)
        throw Problem(
            what: "\(host.name): is a node that cannot reach its cluster; it was left untouched", why: expiry ?? said,
            fix: expiry == nil ? Self.cure(said, on: host, of: cluster) : Certificates.kubeletCure(host))
    }

    private static func cure(_ words: String, on host: Host, of cluster: Cluster) -> String {
        let server = cluster.firstControlPlane
        if words.contains("certificate signed by unknown authority") {
            return
                """
                \(server.name) has another certificate authority than the cluster that \(host.name) joined: was its \
                control plane recreated, or restored? If the cluster of \(host.name) is gone for good: `sudo mv \
                /etc/kubernetes /etc/kubernetes.before` on \(host.name), and run again
                """
        }
        if words.contains("expired") || words.contains("Unauthorized") || words.contains("logged in") {
            return
                """
                its kubelet's certificate may have expired: see `sudo openssl x509 -noout -enddate -in \
                \(Certificates.kubelet)` on \(host.name); if so: \(Certificates.kubeletCure(host))
                """
        }
        return
            """
            see why: `sudo kubectl --kubeconfig \(HostKubectl.kubeletConfig) get node \(host.name)` on \(host.name), \
            and whether 6443/tcp of \(server.name) is open to it; run again
            """
    }

    /// The machine that had the name before may look Ready for 40 s after it is gone, and kubeadm does not join beside
    /// a Ready node.
    private func waitForOldNode(_ machine: Machine) async throws {
        let controlPlane = try await machine.peer(cluster.firstControlPlane.name)
        var state: String?
        let isGone = try await machine.poll(within: limit, every: pause) {
            state = Self.obstacle(try await controlPlane.ask([.command(oldNodeLook)]).command(oldNodeLook))
            return state == nil
        }
        if isGone { return }
        throw Problem(
            what:
                """
                \(host.name): timed out after \(limit.components.seconds) s waiting until the cluster has no Ready \
                node of this name
                """,
            why: state,
            fix:
                """
                another machine has the name: `kubectl get node \(host.name) -o wide` tells which; correct the \
                inventory, or remove that node
                """
        )
    }

    /// As the administrator. A look takes no lock: the control plane's own steps go on meanwhile.
    var oldNodeLook: String { HostKubectl.asAdmin("get node \(host.name) -o \(Self.readiness.quoted) 2>&1") }

    /// Why it may not join yet. No answer is no answer: only a node that is not there, or not Ready, ends the waiting.
    static func obstacle(_ state: CommandState) -> String? {
        if state.exitCode == 0 {
            return state.text.contains("True") ? "the cluster has a Ready node of this name" : nil
        }
        // kubectl may complain of other things before that.
        if state.text.contains("Error from server (NotFound)") { return nil }
        return if case .notKnown(let words) = Presence(state) { words } else { nil }
    }

    private static let readiness: Word = "jsonpath={.status.conditions[?(@.type==\"Ready\")].status}"

    /// A join that did not finish may still have made a node: it is reset only when the cluster says that
    /// it does not work.
    private func refuseUnlessLost(_ machine: Machine) async throws {
        let look = HostKubectl.command("get", "node", Word(host.name), "-o", Self.readiness)
        let said = try await machine.peer(cluster.firstControlPlane.name).attempt(look)
        let isGone = !said.isSuccess && said.errorText.contains("Error from server (NotFound)")
        if isGone || said.isSuccess && said.text.trimming(while: \.isWhitespace) != "True" { return }
        if said.isSuccess {
            throw Problem(
                what: "\(host.name): is a Ready node but cannot reach its API server",
                why: "`kubectl get node \(host.name)` with its own credentials fails",
                fix:
                    """
                    see why: `sudo kubectl --kubeconfig \(HostKubectl.kubeletConfig) get node \(host.name)` on \
                    \(host.name)
                    """
            )
        }
        throw Problem(
            what: "\(host.name): could not determine whether it is a working node; it was left untouched",
            why: said.lastLine,
            fix:
                """
                run again when `sudo kubectl --kubeconfig \(HostKubectl.adminConfig) get nodes` on \
                \(cluster.firstControlPlane.name) answers
                """
        )
    }
}
