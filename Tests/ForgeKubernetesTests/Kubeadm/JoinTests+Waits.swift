import ForgeCore
import ForgePlan
import ForgeTestSupport
import Synchronization
import Testing

@testable import ForgeKubernetes

/// On its way it waits, by one short look after the other.
extension JoinTests {
    static let stopped = Problem(.interrupted, what: "kubnode: stopped waiting", fix: "run it again to continue")

    /// Those of a run, which its first Ctrl-C has reached or not.
    func rights(isInterrupted: Bool = false) -> Rights {
        let holder = Holder(
            run: String(repeating: "a", count: 16), person: "ben@desk", computer: "c0ffee", processID: 9,
            since: "2026-11-21T09:12:03Z", command: "provision")
        return Rights(MachineLock(holder), isInterrupted: { isInterrupted })
    }

    @Test("waits for the old node by looks that hold no lock of the control plane")
    func looksForOldNode() async throws {
        let master = controlPlane([frame("True"), frame(Self.refused, code: 1), frame(Self.gone, code: 1)])
        let worker = worker([frame("", code: 22)])
        try await join(within: .seconds(60)).apply(to: machine(worker, master, rights()))
        let looks = await master.commands.filter(\.isLook)
        #expect(looks.count == 3)
        #expect(looks.allSatisfy { $0.lock == nil })
        // The rest is the token, made and deleted: nothing that waits.
        let others = await master.changes
        #expect(others == ["sh -s", "kubeadm token delete --kubeconfig /etc/kubernetes/admin.conf abcdef"])
        #expect(await worker.changes.contains("kubeadm join --config /var/lib/kubeforge/kubeadm-join.yaml"))
    }

    @Test(
        "waits until the control plane has signed its token, where that is told",
        arguments: [
            ([frame("", code: 7), frame("kubeconfig: …"), frame("jws-kubeconfig-abcdef: ey…")], 3),
            ([frame("", code: 22)], 1),
        ] as [([String], Int)])
    func signature(answers: [String], count: Int) async throws {
        let worker = worker(answers)
        let master = controlPlane([frame(Self.gone, code: 1)])
        try await join(within: .seconds(60)).apply(to: machine(worker, master, rights()))
        let commands = await worker.commands
        let looks = commands.filter(\.isForSignature)
        #expect(looks.count == count)
        #expect(looks.allSatisfy { $0.lock == nil })
        let last = try #require(commands.lastIndex { $0.isForSignature })
        let joined = try #require(commands.firstIndex { $0.line.hasPrefix("kubeadm join") })
        #expect(last < joined)
    }

    @Test("leaves it to kubeadm when its token is not signed in time")
    func unsigned() async throws {
        let worker = worker([frame("kubeconfig: …")])
        try await join().apply(to: machine(worker, controlPlane([frame(Self.gone, code: 1)]), rights()))
        #expect(await worker.commands.filter(\.isForSignature).count == 1)
        #expect(await worker.changes.contains { $0.hasPrefix("kubeadm join") })
    }

    @Test(
        "ends with the first Ctrl-C, between two looks for the old node or for the signature",
        arguments: [(frame("True"), 0), (frame(gone, code: 1), 1)] as [(String, Int)])
    func interrupted(oldNode: String, tokens: Int) async throws {
        let master = controlPlane([oldNode])
        let worker = worker([frame("kubeconfig: …")])
        let machine = machine(worker, master, rights(isInterrupted: true))
        await #expect(throws: Self.stopped) { try await join(within: .seconds(60)).apply(to: machine) }
        #expect(await master.commands.filter(\.isLook).count == 1)
        #expect(await worker.commands.filter(\.isForSignature).count == tokens)
        // A token that was made is deleted all the same.
        #expect(await master.changes.filter { $0.hasPrefix("kubeadm token delete") }.count == tokens)
        #expect(await !worker.changes.contains { $0.hasPrefix("kubeadm join") })
    }

    private func machine(_ worker: ScriptedTransport, _ master: ScriptedTransport, _ rights: Rights) -> Machine {
        Machine(
            host: Example.node, transport: worker, rights: rights,
            peers: { _ in Machine(host: Example.master, transport: master, rights: rights) })
    }

    /// Its looks are answered by one frame after the other, and then by the last one again.
    private func controlPlane(_ frames: [String]) -> ScriptedTransport {
        let turns = Turns(frames)
        return ScriptedTransport { command in
            if command.isLook { return Output(turns.next()) }
            return Output(command.inputText.contains("kubeadm token create") ? "\(joinSecret)\n00ff  -\n" : "")
        }
    }

    /// A machine that has nothing yet; the same for its looks for the token's signature.
    private func worker(_ frames: [String]) -> ScriptedTransport {
        let turns = Turns(frames)
        return ScriptedTransport { command in
            command.isForSignature ? Output(turns.next()) : Output(answering: command)
        }
    }
}

extension Command {
    fileprivate var isForSignature: Bool { isLook && inputText.contains("configmaps/cluster-info") }
}

private final class Turns: Sendable {
    private let frames: Mutex<[String]>

    init(_ frames: [String]) { self.frames = Mutex(frames) }

    func next() -> String {
        frames.withLock { frames in frames.count > 1 ? frames.removeFirst() : frames[0] }
    }
}
