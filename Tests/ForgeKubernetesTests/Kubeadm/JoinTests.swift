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
            host: Example.node, cluster: cluster, config: KubeadmConfig(cluster: cluster, templates: try Example.templates),
            token: JoinToken(controlPlane: "kubmaster"))
    }

    @Test("is done when the worker may read its own node")
    func differences() throws {
        let step = try join()
        func texts(_ file: FileState?, _ code: Int) -> [String] {
            step.texts([step.questions[1]: .file(file), step.questions[0]: .command(CommandState(exitCode: code))])
        }
        #expect(texts(FileState(), 0) == [])
        #expect(texts(nil, 1) == ["kubnode is not part of the cluster"])
        #expect(texts(FileState(), 1) == ["the cluster does not know kubnode"])
    }

    @Test("writes the token into a file for root alone, joins, and removes the file")
    func apply() async throws {
        let office = TokenOffice()
        let (machine, transport) = Example.machine(answering: frame("") + frame("") + frame("") + frame(""), peers: { _ in office.machine })
        try await join().apply(to: machine)
        let commands = await transport.commands.filter { !$0.isLook }
        #expect(commands.count == 6)
        #expect(commands[0].line.contains("kubeadm reset --force --cri-socket"))
        #expect(
            commands[1].line
                == "curl -qsSk --noproxy '*' --connect-timeout 10 --max-time 15 -o /dev/null -- https://10.77.0.11:6443/livez")
        #expect(
            commands[2].line.hasSuffix(
                "https://10.77.0.11:6443/api/v1/namespaces/kube-public/configmaps/cluster-info \(joinSecret.prefix(6))"))
        guard case .secret(let bytes) = commands[3].input else {
            Issue.record("the token is no secret")
            return
        }
        #expect(String(decoding: bytes, as: UTF8.self).contains("token: \"\(joinSecret)\""))
        #expect(commands[3].words.suffix(2).map(\.text) == ["600", "root:root"])
        #expect(commands[4].line == "kubeadm join --config /var/lib/kubeforge/kubeadm-join.yaml")
        #expect(commands[5].line == "rm -f -- /var/lib/kubeforge/kubeadm-join.yaml")
        #expect(commands.allSatisfy { !$0.line.contains(joinSecret) })
    }

    @Test("asks for no token while 6443 of the control plane does not answer", arguments: [7, 28])
    func closedPort(code: Int) async throws {
        let office = TokenOffice()
        let transport = ScriptedTransport { command in
            if command.isLook { return Output(frame("") + frame("") + frame("") + frame("")) }
            return command.line.hasPrefix("curl ")
                ? .failed(code, "curl: (\(code)) Connection timed out after 10001 milliseconds\n") : Output()
        }
        let machine = Machine(host: Example.node, transport: transport, peers: { _ in office.machine })
        await #expect(
            throws: Problem(
                what: "kubnode: port 6443/tcp of kubmaster (10.77.0.11) does not answer from here",
                why: "curl: (\(code)) Connection timed out after 10001 milliseconds",
                fix:
                    "open 6443/tcp, 10250/tcp and 8472/udp between the machines: in the cloud's security group (for the group itself, too), with `ufw allow`, or in `sudo iptables -S INPUT` on kubmaster"
            )
        ) { try await join().apply(to: machine) }
        #expect(await !office.log.contains("create"))
        #expect(await !transport.changes.contains { $0.hasPrefix("kubeadm join") })
    }

    @Test("that fails removes the file and the token all the same, and tells no secret")
    func fails() async throws {
        let office = TokenOffice()
        let said = Seen()
        let transport = ScriptedTransport { command in
            if command.isLook { return Output(frame("") + frame("") + frame("") + frame("")) }
            return command.line.hasPrefix("kubeadm join")
                ? .failed(1, "error execution phase preflight: could not find a JWS signature") : Output()
        }
        let machine = Machine(host: Example.node, transport: transport, onLine: { said.add($0.text) }, peers: { _ in office.machine })
        let problem = await #expect(throws: Problem.self) { try await join().apply(to: machine) }
        #expect(problem?.why == "error execution phase preflight: could not find a JWS signature")
        #expect(await transport.changes.last == "rm -f -- /var/lib/kubeforge/kubeadm-join.yaml")
        #expect(await office.log.last?.hasPrefix("kubeadm token delete") == true)
        #expect(!"\(problem!)".contains(joinSecret))
        #expect(!said.all.contains { $0.contains(joinSecret) })
    }

    @Test("waits for a node of its name that still looks Ready, and says so when it stays")
    func oldNode() async throws {
        let office = TokenOffice(waitsInVain: true)
        let (machine, transport) = Example.machine(answering: frame("") + frame("") + frame("") + frame(""), peers: { _ in office.machine })
        let problem = await #expect(throws: Problem.self) { try await join().apply(to: machine) }
        #expect(problem?.why == "the cluster has a Ready node of this name")
        #expect(
            problem?.fix
                == "another machine has the name: `kubectl get node kubnode -o wide` tells which; correct the inventory, or remove that node"
        )
        #expect(await !transport.changes.contains { $0.hasPrefix("kubeadm join") })
        #expect(await !office.log.contains("create"))
    }

    @Test("does not reset a node that the cluster sees as Ready")
    func ready() async throws {
        let office = TokenOffice(readyNode: true)
        let file = frame(" 0") + frame(" 0") + frame("regular file|600|root:root|1|100") + frame("\(SHA256.hex("x"))  x")
        let (machine, transport) = Example.machine(answering: file, peers: { _ in office.machine })
        await #expect(
            throws: Problem(
                what: "kubnode: does not reach the cluster that it is a Ready node of",
                why: "`kubectl get node kubnode` with its own credentials fails",
                fix: "see why: `sudo kubectl --kubeconfig /etc/kubernetes/kubelet.conf get node kubnode` on kubnode")
        ) { try await join().apply(to: machine) }
        #expect(await transport.changes == [])
    }
}
