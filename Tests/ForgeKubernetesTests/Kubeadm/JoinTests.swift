import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeTestSupport
import Synchronization
import Testing

@testable import ForgeKubernetes

private let secret = "abcdef.0123456789abcdef"

/// A control plane that makes tokens, and counts them.
private actor TokenOffice: Transport {
    private(set) var log: [String] = []
    private let readyNode: Bool
    private let waitsInVain: Bool

    init(readyNode: Bool = false, waitsInVain: Bool = false) {
        self.readyNode = readyNode
        self.waitsInVain = waitsInVain
    }

    var traffic: Traffic { Traffic() }

    func close() async {}

    func run(_ command: Command, onLine: @escaping @Sendable (OutputLine) -> Void) async throws -> Output {
        if command.inputText.contains("kubeadm token create") {
            log.append("create")
            onLine(OutputLine(stream: .standardOutput, text: secret))
            return Output("\(secret)\n00ff  -\n")
        }
        log.append(command.line)
        if command.line.contains("seq 90") { return waitsInVain ? .failed(1, "the cluster has a Ready node of this name\n") : Output() }
        return command.line.contains(" get node ") ? Output(readyNode ? "True" : "") : Output()
    }

    nonisolated var machine: Machine { Machine(host: Example.master, transport: self) }
}

@Suite("A token for joining")
struct JoinTokenTests {
    private static let delete = "kubeadm token delete --kubeconfig /etc/kubernetes/admin.conf abcdef"

    private func worker(_ office: TokenOffice) -> Machine {
        Example.machine(peers: { name in
            guard name == "kubmaster" else { throw Problem(what: "\(name) is not connected") }
            return office.machine
        }).0
    }

    @Test("is made once for all that join at the same time, and deleted after the last one")
    func shared() async throws {
        let (office, token) = (TokenOffice(), JoinToken(controlPlane: "kubmaster"))
        let (machine, inside, door) = (worker(office), Barrier(3), Seen())
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<3 {
                group.addTask {
                    try? await token.lend(through: machine) { ticket in
                        door.add("\(ticket.token) \(ticket.caHash)")
                        await inside.arrive()
                    }
                }
            }
        }
        #expect(await office.log == ["create", Self.delete])
        #expect(door.all == Array(repeating: "\(secret) sha256:00ff", count: 3))
    }

    @Test("is kept for as long as one still joins")
    func kept() async throws {
        let (office, token) = (TokenOffice(), JoinToken(controlPlane: "kubmaster"))
        let (machine, inside) = (worker(office), Barrier(2))
        let (waiting, door) = AsyncStream.makeStream(of: Void.self)
        let slow = Task {
            try await token.lend(through: machine) { _ in
                await inside.arrive()
                for await _ in waiting {}
            }
        }
        try await token.lend(through: machine) { _ in await inside.arrive() }
        #expect(await office.log == ["create"])
        door.finish()
        try await slow.value
        #expect(await office.log == ["create", Self.delete])
    }

    @Test("is deleted though the join failed, and the failure is told")
    func failure() async throws {
        let (office, token) = (TokenOffice(), JoinToken(controlPlane: "kubmaster"))
        await #expect(throws: Problem(what: "no")) { try await token.lend(through: worker(office)) { _ in throw Problem(what: "no") } }
        #expect(await office.log == ["create", Self.delete])
    }

    @Test("is a new one for who comes later")
    func later() async throws {
        let (office, token) = (TokenOffice(), JoinToken(controlPlane: "kubmaster"))
        for _ in 0..<2 { try await token.lend(through: worker(office)) { _ in } }
        #expect(await office.log == ["create", Self.delete, "create", Self.delete])
    }

    @Test("that cannot be made is nobody's, and the next one asks again")
    func notMade() async {
        let token = JoinToken(controlPlane: "kubmaster")
        let silent = Machine(host: Example.master, transport: ScriptedTransport { _ in Output("00ff  -\n") })
        let (machine, _) = Example.machine(peers: { _ in silent })
        for _ in 0..<2 {
            let problem = await #expect(throws: Problem.self) {
                try await token.lend(through: machine) { _ in Issue.record("there is no token") }
            }
            #expect(problem?.what == "kubmaster: no join token could be made")
        }
    }
}

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
        #expect(commands.count == 4)
        #expect(commands[0].line.contains("kubeadm reset --force --cri-socket"))
        guard case .secret(let bytes) = commands[1].input else {
            Issue.record("the token is no secret")
            return
        }
        #expect(String(decoding: bytes, as: UTF8.self).contains("token: \"\(secret)\""))
        #expect(commands[1].words.suffix(2).map(\.text) == ["600", "root:root"])
        #expect(commands[2].line == "kubeadm join --config /var/lib/kubeforge/kubeadm-join.yaml")
        #expect(commands[3].line == "rm -f -- /var/lib/kubeforge/kubeadm-join.yaml")
        #expect(commands.allSatisfy { !$0.line.contains(secret) })
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
        #expect(!"\(problem!)".contains(secret))
        #expect(!said.all.contains { $0.contains(secret) })
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

/// Lets nobody through before all have arrived.
private actor Barrier {
    private var missing: Int
    private var waiting: [CheckedContinuation<Void, Never>] = []

    init(_ count: Int) { missing = count }

    func arrive() async {
        missing -= 1
        if missing > 0 {
            await withCheckedContinuation { waiting.append($0) }
        } else {
            for one in waiting { one.resume() }
        }
    }
}

private final class Seen: Sendable {
    private let texts = Mutex<[String]>([])

    var all: [String] { texts.withLock { $0 } }

    func add(_ text: String) { texts.withLock { $0.append(text) } }
}
