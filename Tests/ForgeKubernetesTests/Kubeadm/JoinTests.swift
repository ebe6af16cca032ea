import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeTestSupport
import Synchronization
import Testing

@testable import ForgeKubernetes

@Suite("Joining")
struct JoinTests {
    private func join() throws -> Join {
        let cluster = Example.cluster()
        return Join(
            host: Example.node, cluster: cluster,
            config: KubeadmConfig(cluster: cluster, templates: try Example.templates),
            token: JoinToken(controlPlane: "kubmaster"))
    }

    private static let note = "var/lib/kubeforge/begun-join"
    private static let refused =
        "The connection to the server 10.77.0.11:6443 was refused - did you specify the right host or port?"
    private static let gone = "Error from server (NotFound): nodes \"kubnode\" not found"

    /// A machine that kubeadm joined, or began to: with its note where `begun`.
    private func withFiles(begun: Bool, _ body: (PlayedMachine) async throws -> Void) async throws {
        try await PlayedMachine.during { played in
            if begun { try await played.note(.joinConfiguration) }
            try played.write("etc/kubernetes/kubelet.conf")
            try played.kubeadm("token", does: "echo \(joinSecret); exit 0")
            try played.root.write("bin/openssl", "#!/bin/sh\n", mode: 0o755)
            try await body(played)
        }
    }

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

    @Test(
        "never resets a node that kubeforge has seen complete, whatever fails",
        arguments: [
            refused, "Unable to connect to the server: x509: certificate signed by unknown authority",
            "error: You must be logged in to the server (Unauthorized)", gone, "",
        ])
    func complete(words: String) async throws {
        try await withFiles(begun: false) { played in
            try played.says("own", words, code: 1)
            try played.says("node", "False")
            let problem = await #expect(throws: Problem.self) {
                try await join().apply(to: played.machine(Example.node))
            }
            #expect(problem?.what == "kubnode: is a node that cannot reach its cluster; it was left untouched")
            #expect(problem?.fix?.contains("kubeadm reset") == false)
            #expect(try played.calls() == [])
            #expect(try played.calls("systemctl") == (words == Self.gone ? ["systemctl restart kubelet"] : []))
            #expect(played.has("etc/kubernetes/kubelet.conf"))
        }
    }

    @Test(
        "of a complete node whose kubelet was off until its certificate ended says so in its words, with a cure",
        arguments: CertificatesTests.journals)
    func expired(journal: String, words: String) async throws {
        try await withFiles(begun: false) { played in
            try played.says("own", "error: You must be logged in to the server (Unauthorized)", code: 1)
            try played.says("journalctl", journal)
            let problem = await #expect(throws: Problem.self) {
                try await join().apply(to: played.machine(Example.node))
            }
            #expect(problem?.what == "kubnode: is a node that cannot reach its cluster; it was left untouched")
            #expect(problem?.why == words)
            #expect(problem?.fix == Certificates.kubeletCure(Example.node))
            #expect(try played.calls() == [])
        }
    }

    @Test("of a complete node that was taken out of the cluster is a restart of its kubelet")
    func registersAgain() async throws {
        try await withFiles(begun: false) { played in
            try played.says("own", Self.gone, code: 1)
            try played.root.write(
                "does-systemctl-restart", "printf '0\nnode/kubnode\n' > \(played.root.path)/says/own\n")
            try await join().apply(to: played.machine(Example.node))
            #expect(try played.calls() == [])
        }
    }

    @Test("of a complete node whose API server restarts is waited for, and nothing is done to it")
    func waitsForServer() async throws {
        try await withFiles(begun: false) { played in
            try played.says("own", Self.refused, code: 1)
            try played.root.write(
                "bin/sleep", "#!/bin/sh\nprintf '0\\nnode/kubnode\\n' > \(played.root.path)/says/own\n", mode: 0o755)
            try await join().apply(to: played.machine(Example.node))
            #expect(try played.calls() + played.calls("systemctl") == [])
        }
    }

    @Test(
        "that kubeforge began is taken back only when the cluster says that the node does not work",
        arguments: [
            ("", 0), ("False", 0), ("Unknown", 0), (gone, 1),
        ] as [(String, Int)])
    func lost(said: String, code: Int) async throws {
        try await withFiles(begun: true) { played in
            try played.says("own", Self.refused, code: 1)
            try played.says("node", said, code: code)
            try played.kubeadm("reset", does: "rm -f \"$root/etc/kubernetes/kubelet.conf\"")
            try await join().apply(to: played.machine(Example.node))
            let calls = try played.calls().filter { !$0.contains("token") }
            #expect(
                calls == [
                    "kubeadm reset --force --cri-socket /run/containerd/containerd.sock",
                    "kubeadm join --config /var/lib/kubeforge/kubeadm-join.yaml",
                ])
            #expect(played.files("var/lib/kubeforge").map { $0.prefix(7) } == ["backup-"])
        }
    }

    @Test(
        "that kubeforge began is left alone while nobody knows whether the node works",
        arguments: [
            ("True", 0, "kubnode: is a Ready node but cannot reach its API server"),
            (refused, 1, "kubnode: could not determine whether it is a working node; it was left untouched"),
            ("", 124, "kubnode: could not determine whether it is a working node; it was left untouched"),
        ] as [(String, Int, String)])
    func unclear(said: String, code: Int, what: String) async throws {
        try await withFiles(begun: true) { played in
            try played.says("own", Self.refused, code: 1)
            try played.says("node", said, code: code)
            let problem = await #expect(throws: Problem.self) {
                try await join().apply(to: played.machine(Example.node))
            }
            #expect(problem?.what == what)
            #expect(try played.calls() == [])
            #expect(played.has(Self.note) && played.has("etc/kubernetes/kubelet.conf"))
        }
    }

    @Test("that got to its end but for the note loses the note alone")
    func noteLeft() async throws {
        try await withFiles(begun: true) { played in
            try await join().apply(to: played.machine(Example.node))
            #expect(try played.calls() == [])
            #expect(!played.has(Self.note) && played.has("etc/kubernetes/kubelet.conf"))
        }
    }

    @Test("that was killed leaves no token: its file is removed by the next run")
    func killed() throws {
        let stage = try #require(
            try Example.plan(Example.cluster()).stages.first { $0.name == "the workers have joined" })
        let step = try #require(stage.steps(for: "kubnode").first as? FileIsAbsent)
        #expect(step.path == "/var/lib/kubeforge/kubeadm-join.yaml")
        #expect(
            step.texts([.file(step.path): .file(FileState(mode: 0o600))]) == [
                "/var/lib/kubeforge/kubeadm-join.yaml exists"
            ])
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
