import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeTestSupport
import Testing

@testable import ForgeKubernetes

@Suite("Joining")
struct JoinTests {
    /// Where it waits, it looks once, or until the limit is over.
    func join(within limit: Duration = .zero) throws -> Join {
        let cluster = Example.cluster()
        return Join(
            host: Example.node, cluster: cluster,
            config: KubeadmConfig(cluster: cluster, templates: try Example.templates),
            token: JoinToken(controlPlane: "kubmaster"), limit: limit, pause: .zero)
    }

    static let note = "var/lib/kubeforge/begun-join"
    static let refused =
        "The connection to the server 10.77.0.11:6443 was refused - did you specify the right host or port?"
    static let gone = "Error from server (NotFound): nodes \"kubnode\" not found"

    @Test("is done when the worker may read its own node, and nothing of kubeforge's is unfinished there")
    func differences() throws {
        let step = try join()
        func texts(_ file: FileState?, _ code: Int, _ said: String = "", note: String? = nil) -> [String] {
            step.texts([
                step.questions[1]: .file(file), step.questions[0]: .command(CommandState(exitCode: code, text: said)),
                step.questions[2]: .contents(note.map { Array($0.utf8) }),
            ])
        }
        #expect(texts(FileState(), 0) == [])
        #expect(
            texts(FileState(), 0, note: "lab https://10.77.0.11:6443\n") == ["its join is not recorded as complete"])
        #expect(texts(nil, 1) == ["kubnode is not part of the cluster"])
        #expect(texts(FileState(), 1, Self.gone) == ["the cluster does not know kubnode"])
        #expect(texts(FileState(), 1, Self.refused) == ["kubnode does not reach the cluster"])
    }

    @Test("writes the token into a file for root alone, joins, and removes the file and the note")
    func apply() async throws {
        try await PlayedMachine.during { played in
            try played.kubeadm(
                "join",
                does: "[ -f \"$root/\(Self.note)\" ] && cp \"$root/var/lib/kubeforge/kubeadm-join.yaml\" \"$root/seen\""
            )
            try played.kubeadm("token", does: "case $2 in create) echo \(joinSecret);; esac; exit 0")
            try played.write("etc/kubernetes/pki/ca.crt")
            try played.root.write("bin/openssl", "#!/bin/sh\n", mode: 0o755)
            // The control plane's; the worker has none.
            let office = TokenOffice()
            let worker = Machine(host: Example.node, transport: played.transport, peers: { _ in office.machine })
            await #expect(throws: Problem.self) { try await join().apply(to: worker) }
            #expect(await office.log == [], "a machine with somebody's certificate authority is left alone")
            try await LocalProgram.run("rm", [played.root.path("etc/kubernetes/pki/ca.crt")])
            try await join().apply(to: worker)
            #expect(try played.calls() == ["kubeadm join --config /var/lib/kubeforge/kubeadm-join.yaml"])
            #expect(try played.root.text("seen").contains("token: \"\(joinSecret)\""))
            #expect(
                try played.calls("curl") == [
                    """
                    curl -qsSk --noproxy * --connect-timeout 10 --max-time 15 -o /dev/null -- \
                    https://10.77.0.11:6443/livez
                    """,
                    """
                    curl -qskf --noproxy * --max-time 2 -- \
                    https://10.77.0.11:6443/api/v1/namespaces/kube-public/configmaps/cluster-info
                    """,
                ])
            #expect(played.files("var/lib/kubeforge") == [])
            #expect(await office.log.last?.hasPrefix("kubeadm token delete") == true)
        }
    }

    @Test("asks for no token while 6443 of the control plane does not answer", arguments: [7, 28])
    func closedPort(code: Int) async throws {
        let office = TokenOffice()
        let transport = ScriptedTransport { command in
            if command.isLook { return Output(answering: command) }
            return command.line.hasPrefix("curl ")
                ? .failed(code, "curl: (\(code)) Connection timed out after 10001 milliseconds\n") : Output()
        }
        let machine = Machine(host: Example.node, transport: transport, peers: { _ in office.machine })
        await #expect(
            throws: Problem(
                what: "kubnode: port 6443/tcp of kubmaster (10.77.0.11) does not answer from here",
                why: "curl: (\(code)) Connection timed out after 10001 milliseconds",
                fix:
                    """
                    open 6443/tcp, 10250/tcp and 8472/udp between the machines: in the cloud's security group (for the \
                    group itself, too), with `ufw allow`, or in `sudo iptables -S INPUT` on kubmaster
                    """
            )
        ) { try await join().apply(to: machine) }
        #expect(await !office.log.contains("create"))
        #expect(await !transport.changes.contains { $0.hasPrefix("kubeadm join") })
    }

    @Test("that fails removes the file and the token all the same, tells no secret, and stays noted")
    func fails() async throws {
        let office = TokenOffice()
        let said = Seen()
        let transport = ScriptedTransport { command in
            if command.isLook { return Output(answering: command) }
            return command.line.hasPrefix("kubeadm join")
                ? .failed(1, "error execution phase preflight: could not find a JWS signature") : Output()
        }
        let machine = Machine(
            host: Example.node, transport: transport, onNews: { if case .line(let line) = $0 { said.add(line.text) } },
            peers: { _ in office.machine })
        let problem = await #expect(throws: Problem.self) { try await join().apply(to: machine) }
        #expect(problem?.why == "error execution phase preflight: could not find a JWS signature")
        #expect(await transport.changes.last == "rm -f -- /var/lib/kubeforge/kubeadm-join.yaml")
        #expect(await office.log.last?.hasPrefix("kubeadm token delete") == true)
        #expect(!"\(problem!)".contains(joinSecret))
        #expect(!said.all.contains { $0.contains(joinSecret) })
        let commands = await transport.commands
        #expect(commands.contains { if case .secret = $0.input { true } else { false } })
        #expect(commands.allSatisfy { !$0.line.contains(joinSecret) })
    }

    @Test(
        "waits for an old node of its name that still looks Ready, and says in the end what it saw last",
        arguments: [("True", 0, "the cluster has a Ready node of this name"), (refused, 1, refused)])
    func oldNode(said: String, code: Int, why: String) async throws {
        let office = TokenOffice(oldNode: frame(said, code: code))
        let transport = ScriptedTransport { command in Output(answering: command) }
        let machine = Machine(host: Example.node, transport: transport, peers: { _ in office.machine })
        await #expect(
            throws: Problem(
                what: "kubnode: timed out after 0 s waiting until the cluster has no Ready node of this name", why: why,
                fix:
                    """
                    another machine has the name: `kubectl get node kubnode -o wide` tells which; correct the \
                    inventory, or remove that node
                    """
            )
        ) { try await join().apply(to: machine) }
        #expect(await !transport.changes.contains { $0.hasPrefix("kubeadm join") })
        #expect(await !office.log.contains("create"))
    }

    private static let metrics =
        "E1127 memcache.go:287] couldn't get resource list for metrics.k8s.io/v1beta1: the server is unavailable"

    @Test(
        "may go on only when the control plane says that the old node is gone or not Ready",
        arguments: [
            ("True", 0, "the cluster has a Ready node of this name"),
            ("\(metrics)\nTrue", 0, "the cluster has a Ready node of this name"),
            (refused, 1, refused), ("", 124, "kubectl got no answer in time"), ("", 1, "kubectl gave no answer"),
            ("False", 0, nil), ("Unknown", 0, nil), ("", 0, nil), (gone, 1, nil), ("\(metrics)\n\(gone)", 1, nil),
        ] as [(String, Int, String?)])
    func oldNodeLook(said: String, code: Int, why: String?) async throws {
        try await PlayedMachine.during { played in
            try played.write("etc/kubernetes/admin.conf")
            try played.says("node", said, code: code)
            let look = try join().oldNodeLook
            let answers = try await played.machine(Example.master).ask([.command(look)])
            #expect(Join.obstacle(answers.command(look)) == why)
            #expect(
                try played.calls("kubectl") == [
                    """
                    kubectl --kubeconfig /etc/kubernetes/admin.conf --request-timeout=10s get node kubnode -o \
                    jsonpath={.status.conditions[?(@.type=="Ready")].status}
                    """
                ])
        }
    }
}

extension Output {
    /// Of a machine that has nothing yet: every question of a look is answered so.
    init(answering command: Command) {
        guard command.isLook else {
            self.init("")
            return
        }
        self.init(String(repeating: frame("", code: 1), count: 8))
    }
}
