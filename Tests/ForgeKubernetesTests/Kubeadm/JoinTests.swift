import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeTestSupport
import Testing

@testable import ForgeKubernetes

@Suite("Joining")
struct JoinTests {
    func join() throws -> Join {
        let cluster = Example.cluster()
        return Join(
            host: Example.node, cluster: cluster,
            config: KubeadmConfig(cluster: cluster, templates: try Example.templates),
            token: JoinToken(controlPlane: "kubmaster"))
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

    @Test("waiting to be scheduled of its name that still looks Ready, and says so when it stays")
    func oldNode() async throws {
        let office = TokenOffice(waitsInVain: true)
        let transport = ScriptedTransport { command in Output(answering: command) }
        let machine = Machine(host: Example.node, transport: transport, peers: { _ in office.machine })
        let problem = await #expect(throws: Problem.self) { try await join().apply(to: machine) }
        #expect(problem?.why == "the cluster has a Ready node of this name")
        #expect(
            problem?.fix
                == """
                another machine has the name: `kubectl get node kubnode -o wide` tells which; correct the \
                inventory, or remove that node
                """
        )
        #expect(await !transport.changes.contains { $0.hasPrefix("kubeadm join") })
        #expect(await !office.log.contains("create"))
    }

    @Test(
        "waits as long as the control plane does not say that the old node is gone or not Ready",
        arguments: [
            ("True", 0, 1, "the cluster has a Ready node of this name\n"), (refused, 1, 1, refused + "\n"),
            ("False", 0, 0, ""),
            ("Unknown", 0, 0, ""), ("", 0, 0, ""), (gone, 1, 0, ""),
        ] as [(String, Int, Int, String)])
    func oldNodeLook(said: String, code: Int, ends: Int, words: String) async throws {
        try await PlayedMachine.during { played in
            try played.says("node", said, code: code)
            let output = try await LocalProgram.run(
                "env",
                [
                    "PATH=\(played.root.path("bin")):/usr/bin:/bin", "sh", "-c",
                    "sh -c \"$1\" sh kubnode jsonpath 2>&1; echo \"ended $?\"", "sh", Join.oldNodeIsGone,
                ])
            #expect(output == "\(words)ended \(ends)\n")
        }
    }
}

extension Output {
    /// Of a machine that has nothing yet: every question of a look is answered so.
    fileprivate init(answering command: Command) {
        guard command.isLook else {
            self.init("")
            return
        }
        self.init(String(repeating: frame("", code: 1), count: 8))
    }
}
